"""Objects of an account that somebody else may write to: read with the service user's rights, and never followed.

A symbolic link of Swift points into any account, a large object's segments may be such links, and the service user may
read all of them. Both query parameters make Swift answer with the object's own bytes: the link's or manifest's, which
are not what was announced.
"""

from typing import Any

from functions.cloud import swift
from functions.runtime.errors import StepFailed

AS_IT_IS = "symlink=get&multipart-manifest=get"
CHUNK_BYTES = 2**20


class NotPlain(StepFailed):
    """An object is missing, or is not what it was announced to be."""


def read(project_id: str | None, container: str, name: str, limit: int) -> bytes | None:
    """The bytes of a small object of a project's account (None: the service's own); None when it is not there.

    Raises NotPlain when it is larger than `limit`.
    """
    with swift.connected(project_id) as connection:
        opened = _open(connection, container, name)
        if opened is None:
            return None
        headers, body = opened
        if int(headers["content-length"]) > limit:
            raise NotPlain(f"{container}/{name} is larger than {limit} bytes")
        content: bytes = body.read()
        return content


def copy(project_id: str | None, container: str, source: str, target: tuple[str, swift.StoredObject]) -> None:
    """Copy an object of a project's account to the service account: a container there and what it will be.

    Raises NotPlain when the source is missing or has other bytes.
    """
    place, wanted = target
    with swift.connected(project_id) as theirs, swift.connected() as ours:
        opened = _open(theirs, container, source)
        if opened is None:
            raise NotPlain(f"{container}/{source} is missing")
        headers, body = opened
        if (headers.get("etag"), int(headers["content-length"])) != (wanted.etag, wanted.size_bytes):
            raise NotPlain(f"{container}/{source} is not what the backup's list says")
        ours.put_object(place, wanted.name, body, content_length=wanted.size_bytes, etag=wanted.etag)


def _open(connection: Any, container: str, name: str) -> tuple[dict[str, str], Any] | None:  # noqa: ANN401 - swiftclient
    from swiftclient.exceptions import ClientException

    try:
        opened: tuple[dict[str, str], Any] = connection.get_object(
            container, name, resp_chunk_size=CHUNK_BYTES, query_string=AS_IT_IS
        )
    except ClientException as error:
        if error.http_status == swift.NOT_FOUND:
            return None
        raise
    return opened
