"""The audit log: in whose name an operation was accepted, and each of its moves.

An event is written in the transaction that makes the move; once that is committed it is a line of the function's log,
too (`audit`, with the ids and the move).
"""

from enum import StrEnum

from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from functions.runtime.logs import get_logger
from functions.state.models import AuditEvent, Operation


class Event(StrEnum):
    """The moves of an operation."""

    ACCEPTED = "accepted"
    STARTED = "started"
    UNDOING = "undoing"
    ENDED = "ended"


def record(session: Session, operation: Operation, what: Event) -> None:
    """Note a move that the operation has just made; its error, if there is one, is the reason."""
    noted = AuditEvent(
        operation_id=operation.id,
        project_id=operation.project_id,
        user_id=operation.user_id,
        request_id=operation.request_id,
        event=what,
        state=operation.state,
        detail=operation.error["message"] if operation.error else None,
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
