"""Swift: containers, TempURLs and large objects in the service account."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from functions.base.clock import now
from functions.base.errors import StepFailed, Unavailable
from functions.base.settings import get_settings, require
from functions.cloud.session import service_session

TEMPURL_KEY_HEADER = "x-account-meta-temp-url-key"
NOT_FOUND = 404
BUSY = frozenset({408, 429})
"""HTTP statuses with which Swift asks for a retry."""


class SwiftUnavailable(Unavailable):
    """Swift does not answer."""


class SwiftRefused(StepFailed):
    """Swift refused the request."""


@dataclass(frozen=True)
class StoredObject:
    """An object as its container lists it."""

    name: str
    etag: str
    size_bytes: int


@dataclass(frozen=True)
class TempUrl:
    """A capability for one method on everything below a prefix: append a name to `url_prefix`, then `?query`."""

    url_prefix: str
    query: str


@contextmanager
def connected(project_id: str | None = None) -> Iterator[Any]:
    """Open a connection as the service user, to the service account or to the account of another project.

    Raises:
        SwiftRefused, SwiftUnavailable: a request in the block failed.
    """
    from keystoneauth1.exceptions import ClientException as KeystoneError
    from swiftclient import Connection
    from swiftclient.exceptions import ClientException

    options = {"region_name": get_settings().os_region_name}
    if project_id is not None:
        options["object_storage_url"] = account_url(project_id)
    connection = Connection(session=service_session(), os_options=options, retries=get_settings().swift_retries)
    try:
        yield connection
    except ClientException as error:
        if error.http_status in BUSY:
            raise SwiftUnavailable(f"Swift is busy: it answers {error.http_status}") from error
        if error.http_status and error.http_status < 500:  # noqa: PLR2004 - HTTP's own classes
            raise SwiftRefused(f"Swift answers {error.http_status} to {error.http_path}") from error
        raise SwiftUnavailable(f"Swift does not answer: {error.http_reason or type(error).__name__}") from error
    except (KeystoneError, OSError) as error:
        raise SwiftUnavailable(f"Swift does not answer: {type(error).__name__}") from error
    finally:
        connection.close()


def ensure_container(container: str) -> None:
    """Create the container and set the account's TempURL key, unless they are there."""
    with connected() as connection:
        connection.put_container(container)
        key = require("tempurl_key")
        if connection.head_account().get(TEMPURL_KEY_HEADER) != key:
            connection.post_account({TEMPURL_KEY_HEADER: key})


def prefix_tempurl(method: str, container: str, prefix: str, expires: datetime) -> TempUrl:
    """Return a TempURL for `method` on the objects of `container` below `prefix`; `expires` is naive UTC."""
    return sign(method, f"{account_url()}/{container}/{prefix}", expires, require("tempurl_key"))


def sign(method: str, url_prefix: str, expires: datetime, key: str) -> TempUrl:
    """Return a TempURL for `method` on the objects below `url_prefix`, signed with the account's or container's key."""
    from swiftclient.utils import generate_temp_url

    path = urlsplit(url_prefix).path
    seconds = max(1, int((expires - now()).total_seconds()))
    signed: str = generate_temp_url(path, seconds, key, method, prefix=True, digest="sha256")
    return TempUrl(url_prefix, urlsplit(signed).query)


def account_url(project_id: str | None = None) -> str:
    """Return the URL of the service account, or of a project's account, which differs in the project's id only."""
    with connected() as connection:
        url, _token = connection.get_auth()
    own = str(url).rstrip("/")
    return own if project_id is None else own.replace(str(service_session().get_project_id()), project_id)


def list_objects(container: str, prefix: str, project_id: str | None = None) -> list[StoredObject]:
    """Return the objects below a prefix; an empty list if there is no such container."""
    from swiftclient.exceptions import ClientException

    with connected(project_id) as connection:
        try:
            _headers, listing = connection.get_container(container, prefix=prefix, full_listing=True)
        except ClientException as error:
            if error.http_status == NOT_FOUND:
                return []
            raise
    return [StoredObject(entry["name"], entry["hash"], entry["bytes"]) for entry in listing]


def containers(prefix: str) -> list[str]:
    """Return the names of the service account's containers that begin with a prefix."""
    with connected() as connection:
        _headers, listing = connection.get_account(prefix=prefix, full_listing=True)
    return [entry["name"] for entry in listing]


def folders(container: str) -> list[str]:
    """Return the names of a container's pseudo-folders: the parts of its objects' names before the first slash."""
    with connected() as connection:
        _headers, listing = connection.get_container(container, delimiter="/", full_listing=True)
    return [entry["subdir"].rstrip("/") for entry in listing if "subdir" in entry]


def read(container: str, name: str) -> bytes:
    """Return the content of an object.

    Raises:
        SwiftRefused: the object is missing, or its MD5 is not its etag.
        SwiftUnavailable: retryable.
    """
    with connected() as connection:
        headers, body = connection.get_object(container, name)
    if hashlib.md5(body, usedforsecurity=False).hexdigest() != headers.get("etag"):
        raise SwiftRefused(f"{container}/{name} in Swift is not what was stored: its MD5 is not its etag")
    return bytes(body)


def write_json(container: str, name: str, document: object) -> None:
    """Store a document as JSON."""
    with connected() as connection:
        body = json.dumps(document, indent=1)
        connection.put_object(container, name, body, content_type="application/json")


def write_manifest(container: str, name: str, segments: Sequence[StoredObject], metadata: dict[str, str]) -> str:
    """Store the static large object `name` made of `segments` in order, and return its etag.

    Swift checks the etag and size of every segment, and refuses the manifest if one differs.
    """
    with connected() as connection:
        size = get_settings().swift_manifest_segments
        groups = [segments[i : i + size] for i in range(0, len(segments), size)]
        if len(groups) == 1:
            return _put_manifest(connection, container, name, _entries(container, segments), metadata)
        entries: list[dict[str, object]] = []
        for number, group in enumerate(groups, start=1):
            part = f"{name}.part{number:04}"
            _put_manifest(connection, container, part, _entries(container, group), {})
            entries.append({"path": f"/{container}/{part}"})
        return _put_manifest(connection, container, name, entries, metadata)


def _entries(container: str, segments: Sequence[StoredObject]) -> list[dict[str, object]]:
    return [
        {"path": f"/{container}/{segment.name}", "etag": segment.etag, "size_bytes": segment.size_bytes}
        for segment in segments
    ]


def _put_manifest(
    connection: Any,  # noqa: ANN401 - swiftclient has no types
    container: str,
    name: str,
    entries: list[dict[str, object]],
    metadata: dict[str, str],
) -> str:
    headers = {f"x-object-meta-{key}": value for key, value in metadata.items()}
    etag: str = connection.put_object(
        container, name, json.dumps(entries), headers=headers, query_string="multipart-manifest=put"
    )
    return etag.strip('"')


def delete_prefix(container: str, prefix: str) -> bool:
    """Delete up to `swift_deletes` objects below a prefix; return True if none is left."""
    return delete_objects(container, [stored.name for stored in list_objects(container, prefix)])


def delete_objects(container: str, names: Sequence[str], project_id: str | None = None) -> bool:
    """Delete the first `swift_deletes` of the objects; return True if none is left."""
    most = get_settings().swift_deletes
    lines = "".join(f"{quote(f'{container}/{name}')}\n" for name in names[:most])
    if lines:
        with connected(project_id) as connection:
            headers = {"content-type": "text/plain", "accept": "application/json"}
            _headers, body = connection.post_account(headers, query_string="bulk-delete", data=lines)
            if errors := json.loads(body)["Errors"]:
                raise SwiftUnavailable(f"Swift did not delete {len(errors)} objects of {container}")
    return len(names) <= most
