"""The audit log: in whose name an operation was accepted, each of its moves, and what it noted for its owner.

An event is written in the transaction that makes the move. After its commit the event is also a line of the log
(`audit`, with the ids and the move).
"""

from enum import StrEnum

from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from functions.base.logs import get_logger
from functions.state.audit.models import AuditEvent
from functions.state.operations.models import Operation


class Event(StrEnum):
    """The moves of an operation; NOTED: none, but what it did that its owner should know of."""

    ACCEPTED = "accepted"
    STARTED = "started"
    NOTED = "noted"
    UNDOING = "undoing"
    ENDED = "ended"


def record(session: Session, operation: Operation, what: Event, detail: str | None = None) -> None:
    """Record a move that the operation has just made; the reason is `detail`, or else the operation's error, if any."""
    noted = AuditEvent(
        operation_id=operation.id,
        project_id=operation.project_id,
        user_id=operation.user_id,
        request_id=operation.request_id,
        event=what,
        state=operation.state,
        detail=detail or (operation.error.message if operation.error else None),
    )
    session.add(noted)
    line = {
        "move": str(what),
        "operation_id": operation.id,
        "operation_type": operation.type,
        "instance_id": operation.instance_id,
        "backup_id": operation.backup_id,
        "project_id": operation.project_id,
        "user_id": operation.user_id,
        "request_id": operation.request_id,
        "state": str(operation.state),
        "detail": noted.detail,
    }

    def written(_session: Session) -> None:
        get_logger().info("audit", **line)

    listen(session, "after_commit", written, once=True)
