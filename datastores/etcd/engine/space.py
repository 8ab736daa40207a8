"""Space: a member that has reached its quota takes no more writes until somebody makes room ("Space quota" in the
manual's "Maintenance" page, whose order of steps this follows)."""

from __future__ import annotations

from datastores.etcd.engine.node import Node
from datastores.host.errors import EngineError

_ALARM = "NOSPACE"
_COMPACTED = "has been compacted"


def problem(errors: list[str]) -> str | None:
    """What is to be said of a member whose status has these errors; None when it takes writes."""
    if not any(_ALARM in error for error in errors):
        return None
    return "etcd has reached its space quota and takes no writes: use a larger volume"


def make_room(node: Node) -> None:
    """Drop old revisions, give their space back and let clients write again, if the member is full."""
    status = node.request("maintenance/status")
    if problem(status.get("errors", [])) is None:
        return
    _compact(node, status["header"]["revision"])
    node.request("maintenance/defragment")
    node.request("maintenance/alarm", action="DEACTIVATE", memberID=status["header"]["member_id"], alarm=_ALARM)


def _compact(node: Node, revision: str) -> None:
    try:
        node.request("kv/compaction", revision=revision, physical=True)
    except EngineError as error:
        if _COMPACTED not in str(error):  # by an earlier try
            raise
