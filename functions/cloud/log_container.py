"""The container of published logs: in the Swift account of the project that publishes, where its clients read it.

The service user's role ResellerAdmin lets it work in that account. The key of the TempURLs is the container's second
one and follows from the service's own and the project: it opens nothing but this container.
"""

import hashlib
import hmac
from datetime import datetime

from functions.cloud import swift
from functions.cloud.swift import TempUrl
from functions.runtime.settings import require

CONTAINER = "database_logs"
KEY_HEADER = "x-container-meta-temp-url-key-2"


def prefix(instance_id: str, datastore: str, log: str) -> str:
    """What the names of a log's objects, and that of its metafile, begin with: as Trove's clients expect it."""
    return f"{instance_id}/{datastore}-{log}"


def ensure(project_id: str) -> None:
    """Make the container and its key, if they are not there."""
    with swift.connected(project_id) as connection:
        connection.put_container(CONTAINER, headers={KEY_HEADER: _key(project_id)})


def upload_url(project_id: str, below: str, expires: datetime) -> TempUrl:
    """A TempURL to PUT objects whose names begin with a log's prefix; `expires` is naive UTC."""
    return swift.sign("PUT", f"{swift.account_url(project_id)}/{CONTAINER}/{below}", expires, _key(project_id))


def discard(project_id: str, below: str, before: str) -> bool:
    """Delete a log's objects `log-<time>` older than `before`, an ISO time; True when all are gone."""
    stored = [listed.name for listed in swift.list_objects(CONTAINER, f"{below}/log-", project_id)]
    older = [name for name in stored if name < f"{below}/log-{before}"]
    return swift.delete_objects(CONTAINER, older, project_id)


def _key(project_id: str) -> str:
    return hmac.new(require("tempurl_key").encode(), f"logs of {project_id}".encode(), hashlib.sha256).hexdigest()
