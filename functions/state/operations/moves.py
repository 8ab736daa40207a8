"""The moves of an operation from acceptance to its end.

QUEUED -> RUNNING -> SUCCEEDED, or RUNNING with `error` set (being undone) -> FAILED, CANCELLED or NEEDS_OPERATOR. Every
move locks the operation's row before those of its targets, and a move made twice has the effect of one.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from datastores.protocol.requests import JobProgress
from datastores.protocol.turns import Lock
from functions.base.clock import now
from functions.base.errors import SettingsRefused, StepRefused
from functions.base.settings import get_settings
from functions.base.statuses import ACTIVE_STATES, HostPhase, InstanceStatus, OperationState, TaskState
from functions.framework.operation import (
    FAILURE,
    FAILURE_PATH,
    STUCK,
    OperationKind,
    Part,
    Task,
    deleting,
    find,
    making,
)
from functions.state.audit import audit
from functions.state.audit.models import AuditEvent
from functions.state.backups import chains
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.groups import groups
from functions.state.hosts import hosts
from functions.state.instances import instances
from functions.state.instances.models import Fault, Instance
from functions.state.operations.models import Operation, OperationError, OperationTarget, OperationTask
from functions.state.tls import tls_certificates

_CANCELLED = "Cancelled"
"""The error's type of an operation that was cancelled by a request."""


def begin(session: Session, operation: Operation) -> None:
    """Move a locked operation from QUEUED to RUNNING."""
    operation.state, operation.started = OperationState.RUNNING, now()
    audit.record(session, operation, audit.Event.STARTED)
    if (status := find(operation.type).backup_during) is not None:
        _backup(session, operation).status = status


def abort(operation_id: str, message: str | None = None) -> None:
    """Turn an operation that goes forward to its undoing: from now on only compensation runs.

    The error is `message`, or that of the step whose last call failed.
    """
    with transaction() as session:
        operation = lock(session, operation_id)
        if _goes_forward(operation):
            error = OperationError(message=message) if message else _failed_step(session, operation_id)
            _turn_to_undoing(session, operation, error)


def cancel(session: Session, operation_id: str, reason: str) -> Operation | None:
    """Turn an operation to its undoing, after which it is CANCELLED, and return it, locked until the transaction ends.

    Return None if the operation is being undone already or has ended.
    """
    operation = lock(session, operation_id)
    if not _goes_forward(operation):
        return None
    _turn_to_undoing(session, operation, OperationError(message=reason, type=_CANCELLED))
    return operation


def making_backups(session: Session, project_id: str, which: ColumnElement[bool]) -> list[str]:
    """Return the ids of the project's operations that make a backup now and fulfil the condition."""
    query = select(Operation.id).where(
        which,
        Operation.project_id == project_id,
        Operation.type.in_(making("backup")),
        Operation.state.in_(ACTIVE_STATES),
    )
    return list(session.scalars(query))


def _goes_forward(operation: Operation) -> bool:
    """Return whether the operation has neither ended nor is being undone."""
    return operation.state in ACTIVE_STATES and operation.error is None


def _turn_to_undoing(session: Session, operation: Operation, error: OperationError) -> None:
    operation.state, operation.started = OperationState.RUNNING, operation.started or now()
    operation.error = error
    audit.record(session, operation, audit.Event.UNDOING)


def undone_by(operation: Operation) -> datetime:
    """Return the time by which the operation is undone or needs an operator; its token expires then."""
    return operation.deadline + timedelta(seconds=get_settings().undoing_seconds)


def claim_settlement(operation_id: str, seen: int) -> bool:
    """Count one more settlement; return False if another sweep has since `seen`, or the operation has ended."""
    with transaction() as session:
        operation = lock(session, operation_id)
        if operation.settlements != seen or operation.state not in ACTIVE_STATES:
            return False
        operation.settlements += 1
        return True


def record_progress(operation_id: str, progress: JobProgress) -> None:
    """Store the running job's progress for the API."""
    with transaction() as session:
        lock(session, operation_id).progress = progress


def note(operation_id: str, detail: str) -> None:
    """Record what the operation did that its owner should know of; the same again is not recorded."""
    with transaction() as session:
        operation = lock(session, operation_id)
        known = select(AuditEvent.id).where(
            AuditEvent.operation_id == operation_id, AuditEvent.event == audit.Event.NOTED, AuditEvent.detail == detail
        )
        if session.scalar(known.limit(1)) is None:
            audit.record(session, operation, audit.Event.NOTED, detail)


def keep_spec(operation_id: str, instance_id: str, **values: object) -> None:
    """Set values of the spec before the operation that cannot be undone any more."""
    with transaction() as session:
        target = session.get_one(OperationTarget, (operation_id, instance_id), with_for_update=True)
        if target.before is not None:
            target.before = target.before.but(**values)


def succeed(session: Session, operation: Operation) -> None:
    """End a locked operation in SUCCEEDED: set the status of instances, hosts and backup, wipe the secrets.

    Raises StepRefused if the operation is being undone or has failed.
    """
    if operation.state == OperationState.SUCCEEDED:
        return
    if operation.state != OperationState.RUNNING or operation.error is not None:
        raise StepRefused(f"operation {operation.id} cannot succeed any more: {operation.state}")
    kind = find(operation.type)
    group = groups.lock_of(session, str(operation.instance_id)) if kind.deletes == "instance" else None
    _end(session, operation, OperationState.SUCCEEDED, kind.plan[-1:])
    for _target, instance in _changed(session, operation):
        _succeeded(session, kind, instance)
    if group is not None and not groups.member_ids(session, group):
        group.deleted_at = operation.ended
    if kind.deletes == "backup":
        _backup(session, operation).deleted_at = operation.ended
    elif operation.backup_id and kind.backup_after:
        _backup(session, operation).status = kind.backup_after


def _succeeded(session: Session, kind: OperationKind, instance: Instance) -> None:
    if kind.instance_after:
        instance.status = kind.instance_after
        if kind.lock != Lock.COPYING:
            instance.operating_status = "HEALTHY" if instance.status == InstanceStatus.ACTIVE else instance.status
            instance.fault, instance.probe_due, instance.silences, instance.astray_since = None, now(), 0, None
    elif kind.tells_failure:
        instance.fault = None
    if kind.deletes == "instance":
        instance.deleted_at, instance.tls, instance.tls_before = now(), None, None
        tls_certificates.forget_all_but(session, instance.id, ())
        hosts.move(session, instance, HostPhase.RETIRED)
    else:
        hosts.move(session, instance, HostPhase.SERVING)


def fail(operation_id: str, state: OperationState, *, undone: bool = True) -> None:
    """End an operation in FAILED, CANCELLED or NEEDS_OPERATOR: set status and fault of its targets, wipe its secrets.

    Instances that were `undone` get their old spec back. The backup of a cancelled operation is deleted.
    """
    with transaction() as session:
        operation = lock(session, operation_id)
        if operation.state not in ACTIVE_STATES:
            return
        operation.error = error = operation.error or _failed_step(session, operation_id)
        cancelled = state == OperationState.FAILED and error.type == _CANCELLED
        _end(session, operation, OperationState.CANCELLED if cancelled else state, (FAILURE, STUCK))
        for target, instance in _changed(session, operation):
            if undone and state == OperationState.FAILED:
                _restore(session, target, instance)
            _failed(session, operation, instance, stuck=state == OperationState.NEEDS_OPERATOR)
        _failed_backup(session, operation, cancelled)


def _restore(session: Session, target: OperationTarget, instance: Instance) -> None:
    """Give the instance its spec before the operation; retire the host of one that was to be created."""
    if target.before is not None:
        instance.spec = target.before
    if target.part == Part.NEW:
        hosts.move(session, instance, HostPhase.RETIRED)
    elif target.before is not None:
        hosts.move(session, instance, HostPhase.SERVING)


def _failed(session: Session, operation: Operation, instance: Instance, *, stuck: bool) -> None:
    kind, error = find(operation.type), operation.error or OperationError(message="")
    if kind.instance_failed and not _is_deleted_meanwhile(session, operation, instance):
        serves = error.type == SettingsRefused.__name__
        failed = (kind.instance_stuck if stuck else None) or kind.instance_failed
        instance.status = InstanceStatus.ACTIVE if serves else failed
        if instance.status != kind.instance_after:
            instance.operating_status = ""
        if serves or instance.status != kind.instance_after or kind.instance_stuck:
            instance.fault = _fault(operation, error)
    elif kind.tells_failure:
        instance.fault = _fault(operation, error)


def _failed_backup(session: Session, operation: Operation, cancelled: bool) -> None:
    kind = find(operation.type)
    if not (operation.backup_id and kind.backup_failed):
        return
    backup = _backup(session, operation)
    backup.status = kind.backup_failed
    if cancelled:
        backup.deleted_at = operation.ended
    if kind.deletes == "backup":
        for member in chains.descendants(session, backup):
            member.status = kind.backup_failed


def _end(session: Session, operation: Operation, state: OperationState, last: tuple[Task, ...]) -> None:
    """Set the operation's end, wipe its secrets, release its targets and end its `last` tasks, in one transaction."""
    operation.state, operation.ended, operation.sealed = state, now(), None
    for target in operation.targets:
        target.held = None
    audit.record(session, operation, audit.Event.ENDED)
    query = select(OperationTask).where(
        OperationTask.operation_id == operation.id, OperationTask.task.in_([task.name for task in last])
    )
    for task in session.scalars(query):
        task.state, task.ended = TaskState.SUCCEEDED, operation.ended


def _fault(operation: Operation, error: OperationError) -> Fault:
    where = f"{operation.type}, step {error.step}" if error.step else operation.type
    created = now().isoformat(timespec="seconds")
    return Fault(message=f"{where}: {error.message}", created=created, details=f"operation {operation.id}")


def _failed_step(session: Session, operation_id: str) -> OperationError:
    query = select(OperationTask).where(
        OperationTask.operation_id == operation_id,
        OperationTask.state != TaskState.SUCCEEDED,
        OperationTask.task.not_in([task.name for task in FAILURE_PATH]),
    )
    task = session.scalar(query.order_by(OperationTask.started.desc()).limit(1))
    if task is None:
        return OperationError(message="the workflow ended without a step's error; see the execution in Mistral")
    if task.error is None:
        return OperationError(step=task.step, message="the step did not finish within its time limit")
    return OperationError(step=task.step, message=task.error.message, type=task.error.type)


def lock(session: Session, operation_id: str) -> Operation:
    """Lock the operation until the transaction ends; return it with targets. Raises StepRefused if it is missing."""
    operation = session.get(Operation, operation_id, with_for_update=True, options=[selectinload(Operation.targets)])
    if operation is None:
        raise StepRefused(f"no operation {operation_id}")
    return operation


def _changed(session: Session, operation: Operation) -> list[tuple[OperationTarget, Instance]]:
    """Lock and return the instances that the operation changes, with their targets, in the order of their ids."""
    return [
        (target, instances.lock(session, target.resource_id))
        for target in operation.targets
        if target.kind == "instance" and target.part != Part.SOURCE
    ]


def _is_deleted_meanwhile(session: Session, operation: Operation, instance: Instance) -> bool:
    """Return whether a later operation has deleted the instance, or is doing so: then its status stays."""
    deletion = (
        select(Operation.id)
        .join(OperationTarget)
        .where(
            OperationTarget.resource_id == instance.id,
            Operation.type.in_(deleting("instance")),
            Operation.id != operation.id,
            Operation.created > operation.created,
        )
    )
    return session.scalar(deletion.limit(1)) is not None


def _backup(session: Session, operation: Operation) -> Backup:
    return session.get_one(Backup, operation.backup_id, with_for_update=True)
