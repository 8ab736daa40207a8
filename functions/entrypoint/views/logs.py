"""JSON objects of logs, with Trove's values."""

from dataclasses import dataclass

from pydantic import BaseModel

from functions.storage.log_container import CONTAINER, prefix


class Log(BaseModel):
    """A log as its host reports it."""

    name: str
    type: str
    enabled: bool
    published_bytes: int
    pending_bytes: int
    rotated: bool


@dataclass(frozen=True)
class LogOwner:
    """The instance and datastore of a log, which name its prefix in Swift."""

    instance_id: str
    datastore: str


def log_view(log: Log, owner: LogOwner) -> dict[str, object]:
    """Return a log; before it is published, container and prefix are the text None, as in Trove."""
    published, below = log.published_bytes > 0, prefix(owner.instance_id, owner.datastore, log.name)
    return {
        "name": log.name,
        "type": log.type,
        "status": _status(log),
        "published": log.published_bytes,
        "pending": log.pending_bytes,
        "container": CONTAINER if published else "None",
        "prefix": f"{below}/" if published else "None",
        "metafile": f"{below}_metafile",
    }


def _status(log: Log) -> str:
    if not log.enabled:
        return "Disabled"
    if log.rotated:
        return "Rotated"
    if log.pending_bytes:
        return "Partial" if log.published_bytes else "Ready"
    return "Published" if log.published_bytes else "Enabled"
