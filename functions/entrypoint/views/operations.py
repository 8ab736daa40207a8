"""Operations on the wire."""

from datetime import datetime

from functions.state.models import AuditEvent, Operation, OperationStep


def operation_view(operation: Operation) -> dict[str, object]:
    """An operation as lists show it."""
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
        "error": error and {"step": error.get("step"), "message": error["message"]},
        "progress": progress and {name: progress.get(name) for name in ("phase", "bytes", "percent")},
    }


def operation_detail(operation: Operation) -> dict[str, object]:
    """An operation with its steps in the order they were first started, and its events in their order."""
    steps, events = [_step(step) for step in operation.steps], [_event(event) for event in operation.events]
    return operation_view(operation) | {"steps": steps, "events": events}


def _step(step: OperationStep) -> dict[str, object]:
    return {
        "name": step.name,
        "state": step.state,
        "started": _precise(step.started),
        "ended": _precise(step.ended),
        "attempts": step.attempts,
        "error": step.error["message"] if step.error else None,
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
    """UTC to the millisecond: steps take fractions of a second."""
    return moment.isoformat(timespec="milliseconds") if moment else None
