"""Objects of an account that others may write to: read with the service user's rights, never following a link.

A symbolic link of Swift may point into any account, so may the segments of a large object, and the service user may
read all of them. The query AS_IT_IS makes Swift return the bytes of the link or manifest itself, which fail the check.
"""

from typing import Any

from functions.base.errors import StepFailed
from functions.cloud import swift

AS_IT_IS = "symlink=get&multipart-manifest=get"
"""Query with which Swift returns the bytes of a link or manifest, and not of what it names."""
CHUNK_BYTES = 2**20
"""Bytes of an object that a copy holds in memory."""


class NotPlain(StepFailed):
    """An object is missing, or is not what it was announced to be."""


def read(project_id: str | None, container: str, name: str, limit: int) -> bytes | None:
    """Return the bytes of an object of a project's account (None: the service account), or None if it is missing.

    Raises NotPlain if the object is larger than `limit` bytes.
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
    """Copy an object of a project's account to `target`: a container of the service account and the object there.

    Raises NotPlain if the source is missing, or its etag or size is not the target's.
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
