"""JSON objects of operations."""

from datetime import datetime

from functions.state.audit.models import AuditEvent
from functions.state.operations.models import Operation, OperationTask


def operation_view(operation: Operation) -> dict[str, object]:
    """Return an operation without its steps, for lists."""
    error, progress = operation.error, operation.progress
    return {
        "id": operation.id,
        "type": operation.type,
        "state": operation.state,
        "instance_id": operation.instance_id,
        "backup_id": operation.backup_id,
        "request_id": operation.request_id,
        "user_id": operation.user_id,
        "created": _precise(operation.created),
        "started": _precise(operation.started),
        "ended": _precise(operation.ended),
        "deadline": _precise(operation.deadline),
        "error": error and {"step": error.step, "message": error.message},
        "progress": progress and {name: getattr(progress, name) for name in ("phase", "bytes", "percent")},
    }


def operation_detail(operation: Operation) -> dict[str, object]:
    """Return an operation with its steps in the order of their first start, and its events in theirs."""
    steps, events = [_step(task) for task in operation.tasks], [_event(event) for event in operation.events]
    return operation_view(operation) | {"steps": steps, "events": events}


def _step(task: OperationTask) -> dict[str, object]:
    return {
        "name": task.step,
        "state": task.state,
        "started": _precise(task.started),
        "ended": _precise(task.ended),
        "attempts": task.attempts,
        "error": task.error.message if task.error else None,
    }


def _event(event: AuditEvent) -> dict[str, object]:
    return {
        "event": event.event,
        "at": _precise(event.at),
        "user_id": event.user_id,
        "request_id": event.request_id,
        "state": event.state,
        "detail": event.detail,
    }


def _precise(moment: datetime | None) -> str | None:
    """Return the time to the millisecond, in UTC: steps take fractions of a second."""
    return moment.isoformat(timespec="milliseconds") if moment else None
