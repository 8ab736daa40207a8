"""Operations as the API reads them, and the moves of an operation from acceptance to its end.

QUEUED -> RUNNING -> SUCCEEDED, or RUNNING with `error` set (being undone) -> FAILED, CANCELLED or NEEDS_OPERATOR. Every
move locks the row, and making a move twice leaves what the first one made.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from datastores.protocol.turns import Lock
from functions.operations import kind_of
from functions.runtime.clock import now
from functions.runtime.errors import NotFound, SettingsRefused, StepRefused
from functions.runtime.seal import seal, unseal
from functions.state import audit, chains
from functions.state.database import transaction
from functions.state.models import (
    ACTIVE_STATES,
    Backup,
    BackupStatus,
    Instance,
    InstanceStatus,
    Operation,
    OperationState,
    OperationStep,
    OperationType,
    StepState,
)

_MAKING_BACKUPS = (OperationType.BACKUP_CREATE, OperationType.BACKUP_IMPORT)
_CANCELLED = "Cancelled"
"""The type of the error of an operation that somebody did not want any more."""
_FAILURE_PATH = ("record.abort", "record.fail")
"""Steps that run because another one failed: themselves unfinished when the reason is looked for."""


def get(project_id: str, operation_id: str) -> Operation:
    """The project's operation with its steps and events. Raises NotFound."""
    with transaction() as session:
        related = [selectinload(Operation.steps), selectinload(Operation.events)]
        operation = session.get(Operation, operation_id, options=related)
    if operation is None or operation.project_id != project_id:
        raise NotFound(f"Operation {operation_id} cannot be found.")
    return operation


@dataclass(frozen=True)
class OperationFilter:
    """Which operations to list; None does not restrict."""

    instance_id: str | None = None
    backup_id: str | None = None
    type: str | None = None
    state: str | None = None
    request_id: str | None = None


def page(project_id: str, limit: int, marker: str | None, which: OperationFilter) -> list[Operation]:
    """The project's operations, newest first, after the operation `marker`, with their steps. Raises NotFound."""
    query = select(Operation).where(Operation.project_id == project_id).options(selectinload(Operation.steps))
    for column, wanted in asdict(which).items():
        if wanted is not None:
            query = query.where(getattr(Operation, column) == wanted)
    with transaction() as session:
        if marker:
            last = session.get(Operation, marker)
            if last is None or last.project_id != project_id:
                raise NotFound(f"Operation {marker} cannot be found.")
            not_newer = Operation.created <= last.created
            query = query.where(not_newer, (Operation.created < last.created) | (Operation.id < marker))
        return list(session.scalars(query.order_by(Operation.created.desc(), Operation.id.desc()).limit(limit)))


def active(older_than: datetime) -> list[Operation]:
    """All operations not yet ended that were accepted before `older_than`, oldest first."""
    query = select(Operation).where(Operation.state.in_(ACTIVE_STATES), Operation.created < older_than)
    with transaction() as session:
        return list(session.scalars(query.order_by(Operation.created)))


def ended_among(operation_ids: Collection[str], before: datetime) -> set[str]:
    """Those of the operations that ended before then."""
    query = select(Operation.id).where(Operation.id.in_(operation_ids), Operation.ended < before)
    with transaction() as session:
        return set(session.scalars(query))


@contextmanager
def alone(operation_id: str) -> Iterator[None]:
    """Hold the operation's row: of two calls at once, the second enters when the first has left.

    For effects that the service behind them does not make unique itself, such as a Heat stack of a name.
    """
    with transaction() as session:
        _lock(session, operation_id)
        yield


def begin(operation_id: str) -> None:
    """QUEUED -> RUNNING. Raises StepRefused when it has ended."""
    with transaction() as session:
        operation = _lock(session, operation_id)
        if operation.state == OperationState.QUEUED:
            operation.state = OperationState.RUNNING
            operation.started = now()
            audit.record(session, operation, audit.Event.STARTED)
        elif operation.state != OperationState.RUNNING:
            raise StepRefused(f"operation {operation_id} has ended: {operation.state}")
        if operation.type in _MAKING_BACKUPS and operation.error is None:
            _backup(session, operation).status = BackupStatus.BUILDING


def abort(operation_id: str, message: str | None = None) -> None:
    """Turn a live operation to its undoing: from now on only compensation runs.

    The reason kept is the first one: `message`, else the step whose last call failed.
    """
    with transaction() as session:
        operation = _lock(session, operation_id)
        if _goes_forward(operation):
            error = {"step": None, "message": message} if message else _failed_step(session, operation_id)
            _turn_to_undoing(session, operation, error)


def cancel(session: Session, operation_id: str, reason: str) -> Operation | None:
    """Turn a live operation to its undoing, after which it is CANCELLED; None when it is being undone or has ended.

    Its row stays locked until the transaction ends.
    """
    operation = _lock(session, operation_id)
    if not _goes_forward(operation):
        return None
    _turn_to_undoing(session, operation, {"step": None, "message": reason, "type": _CANCELLED})
    return operation


def making_backups(session: Session, project_id: str, which: ColumnElement[bool]) -> list[str]:
    """The project's operations among those that make a backup now."""
    query = select(Operation.id).where(
        which,
        Operation.project_id == project_id,
        Operation.type.in_(_MAKING_BACKUPS),
        Operation.state.in_(ACTIVE_STATES),
    )
    return list(session.scalars(query))


def _goes_forward(operation: Operation) -> bool:
    """Whether it has neither ended nor is being undone."""
    return operation.state in ACTIVE_STATES and operation.error is None


def _turn_to_undoing(session: Session, operation: Operation, error: dict[str, Any]) -> None:
    operation.state, operation.started = OperationState.RUNNING, operation.started or now()
    operation.error = error
    audit.record(session, operation, audit.Event.UNDOING)


def claim_settlement(operation_id: str, seen: int) -> bool:
    """Count one more settlement; False when another sweep did since `seen` was read, or the operation has ended."""
    with transaction() as session:
        operation = _lock(session, operation_id)
        if operation.settlements != seen or operation.state not in ACTIVE_STATES:
            return False
        operation.settlements += 1
        return True


def succeed(operation_id: str) -> None:
    """End in SUCCEEDED: the instance and backup get their status, secrets are wiped."""
    with transaction() as session:
        operation = _lock(session, operation_id)
        if operation.state == OperationState.SUCCEEDED:
            return
        if operation.state != OperationState.RUNNING or operation.error is not None:
            raise StepRefused(f"operation {operation_id} cannot succeed any more: {operation.state}")
        _end(session, operation, OperationState.SUCCEEDED)
        kind = kind_of(operation)
        ended = now()
        if operation.instance_id and kind.instance_after:
            instance = _instance(session, operation)
            instance.status = kind.instance_after
            if kind.lock != Lock.COPYING:
                instance.operating_status = "HEALTHY" if instance.status == InstanceStatus.ACTIVE else instance.status
                instance.fault, instance.probe_due, instance.silences = None, ended, 0
            if operation.type == OperationType.INSTANCE_DELETE:
                instance.deleted_at = ended
        elif operation.instance_id and kind.tells_failure:
            _instance(session, operation).fault = None
        if operation.type == OperationType.BACKUP_DELETE:
            _backup(session, operation).deleted_at = ended
        elif operation.backup_id and kind.backup_after:
            _backup(session, operation).status = kind.backup_after


def fail(operation_id: str, state: OperationState) -> None:
    """End in FAILED or CANCELLED (undone) or in NEEDS_OPERATOR: instance and backup get status and fault, secrets are
    wiped. A backup whose making was cancelled is deleted by it."""
    with transaction() as session:
        operation = _lock(session, operation_id)
        if operation.state not in ACTIVE_STATES:
            return
        operation.error = operation.error or _failed_step(session, operation_id)
        cancelled = state == OperationState.FAILED and operation.error.get("type") == _CANCELLED
        _end(session, operation, OperationState.CANCELLED if cancelled else state)
        kind = kind_of(operation)
        if operation.instance_id and kind.instance_failed and not _is_deleted_meanwhile(session, operation):
            instance = _instance(session, operation)
            stuck = kind.instance_stuck if state == OperationState.NEEDS_OPERATOR else None
            serves = operation.error.get("type") == SettingsRefused.__name__
            instance.status = InstanceStatus.ACTIVE if serves else stuck or kind.instance_failed
            if instance.status != kind.instance_after:
                instance.operating_status = ""
            if serves or instance.status != kind.instance_after or kind.instance_stuck:
                instance.fault = _fault(operation)
        elif operation.instance_id and kind.tells_failure:
            _instance(session, operation).fault = _fault(operation)
        if operation.backup_id and kind.backup_failed:
            backup = _backup(session, operation)
            backup.status = kind.backup_failed
            if cancelled:
                backup.deleted_at = operation.ended
            if operation.type == OperationType.BACKUP_DELETE:
                for member in chains.descendants(session, backup):
                    member.status = kind.backup_failed


def was_called(operation_id: str, step: str) -> bool:
    """Whether a step of the operation was ever called: what was not needs no undoing."""
    return called_since(operation_id, step) is not None


def called_since(operation_id: str, step: str) -> datetime | None:
    """When a step of the operation was called for the first time; None when it never was."""
    with transaction() as session:
        called = session.get(OperationStep, (operation_id, step))
        return called.started if called else None


def load(operation_id: str) -> Operation:
    """The operation, of whatever project. Raises StepRefused when there is none."""
    with transaction() as session:
        operation = session.get(Operation, operation_id)
    if operation is None:
        raise StepRefused(f"no operation {operation_id}")
    return operation


def record_progress(operation_id: str, progress: dict[str, Any]) -> None:
    """Keep the running job's progress for the API."""
    with transaction() as session:
        _lock(session, operation_id).progress = progress


def secrets(operation_id: str) -> dict[str, Any]:
    """The operation's secrets, opened; empty once it has ended."""
    with transaction() as session:
        operation = session.get(Operation, operation_id)
        return unseal(operation.sealed) if operation else {}


def add_secrets(operation_id: str, more: dict[str, Any]) -> dict[str, Any]:
    """Seal more secrets into the operation; a name that is there keeps its first value. All secrets, opened."""
    with transaction() as session:
        operation = _lock(session, operation_id)
        merged = more | unseal(operation.sealed)
        operation.sealed = seal(merged)
        return merged


def _end(session: Session, operation: Operation, state: OperationState) -> None:
    """The end, the secrets' end, and the end of the step that brings it about: who sees one sees all."""
    operation.state, operation.ended, operation.sealed = state, now(), None
    audit.record(session, operation, audit.Event.ENDED)
    last = kind_of(operation).plan[-1].step if state == OperationState.SUCCEEDED else "record.fail"
    if (step := session.get(OperationStep, (operation.id, last), with_for_update=True)) is not None:
        step.state, step.ended = StepState.SUCCEEDED, operation.ended


def _fault(operation: Operation) -> dict[str, Any]:
    error = operation.error or {}
    where = f"{operation.type}, step {error['step']}" if error.get("step") else operation.type
    created = now().isoformat(timespec="seconds")
    return {"message": f"{where}: {error.get('message')}", "created": created, "details": f"operation {operation.id}"}


def _failed_step(session: Session, operation_id: str) -> dict[str, Any]:
    query = select(OperationStep).where(
        OperationStep.operation_id == operation_id,
        OperationStep.state != StepState.SUCCEEDED,
        OperationStep.name.not_in(_FAILURE_PATH),
    )
    step = session.scalar(query.order_by(OperationStep.started.desc()).limit(1))
    if step is None:
        return {"step": None, "message": "the workflow ended without a step's error; see the execution in Mistral"}
    if step.error is None:
        return {"step": step.name, "message": "it did not finish in its time"}
    return {"step": step.name, "message": step.error["message"], "type": step.error["type"]}


def _lock(session: Session, operation_id: str) -> Operation:
    operation = session.get(Operation, operation_id, with_for_update=True)
    if operation is None:
        raise StepRefused(f"no operation {operation_id}")
    return operation


def _instance(session: Session, operation: Operation) -> Instance:
    return session.get_one(Instance, operation.instance_id, with_for_update=True)


def _is_deleted_meanwhile(session: Session, operation: Operation) -> bool:
    """Whether its instance was, or is being, deleted by another operation, which the status tells of."""
    deletion = select(Operation.id).where(
        Operation.instance_id == operation.instance_id,
        Operation.type == OperationType.INSTANCE_DELETE,
        Operation.id != operation.id,
        Operation.fence > operation.fence,
    )
    return session.scalar(deletion.limit(1)) is not None


def _backup(session: Session, operation: Operation) -> Backup:
    return session.get_one(Backup, operation.backup_id, with_for_update=True)
