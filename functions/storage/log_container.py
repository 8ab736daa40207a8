"""The container of published logs: in the Swift account of the project that publishes, where its clients read it.

The service user works in that account by its role ResellerAdmin. TempURLs are signed with the container's second key,
which is derived from `tempurl_key` and the project, and gives access to this container only.
"""

import hashlib
import hmac
from datetime import datetime

from functions.base.settings import require
from functions.cloud import swift
from functions.cloud.swift import TempUrl

CONTAINER = "database_logs"
KEY_HEADER = "x-container-meta-temp-url-key-2"


def prefix(instance_id: str, datastore: str, log: str) -> str:
    """Return the prefix of the names of a log's objects and metafile, as Trove's clients expect it."""
    return f"{instance_id}/{datastore}-{log}"


def ensure(project_id: str) -> None:
    """Create the container with its key, or set the key of the one that is there."""
    with swift.connected(project_id) as connection:
        connection.put_container(CONTAINER, headers={KEY_HEADER: _key(project_id)})


def upload_url(project_id: str, below: str, expires: datetime) -> TempUrl:
    """Return a TempURL to PUT objects below a log's prefix; `expires` is naive UTC."""
    return swift.sign("PUT", f"{swift.account_url(project_id)}/{CONTAINER}/{below}", expires, _key(project_id))


def discard(project_id: str, below: str, before: str) -> bool:
    """Delete a log's objects `log-<time>` older than `before`, an ISO time; return True if none is left."""
    stored = [listed.name for listed in swift.list_objects(CONTAINER, f"{below}/log-", project_id)]
    older = [name for name in stored if name < f"{below}/log-{before}"]
    return swift.delete_objects(CONTAINER, older, project_id)


def _key(project_id: str) -> str:
    return hmac.new(require("tempurl_key").encode(), f"logs of {project_id}".encode(), hashlib.sha256).hexdigest()
