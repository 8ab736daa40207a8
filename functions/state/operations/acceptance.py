"""Acceptance of a request: one transaction locks the resources, checks that they are idle and writes the operation."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from datastores.protocol import codec
from datastores.protocol.codec import Document
from datastores.protocol.turns import Lock
from functions.base.clock import now
from functions.base.errors import Busy, BusyForAMoment, NotFound
from functions.base.statuses import InstanceStatus
from functions.framework.operation import OperationKind, Part, find
from functions.state.audit import audit
from functions.state.backups.models import Backup
from functions.state.hosts import hosts
from functions.state.idempotency.idempotency import tie
from functions.state.instances import instances
from functions.state.instances.models import Instance
from functions.state.instances.spec import InstanceSpec
from functions.state.operations import operations, sealed
from functions.state.operations.models import Operation, OperationTarget


@dataclass(frozen=True)
class Caller:
    """Who asks: from the validated token and the request."""

    project_id: str
    user_id: str
    request_id: str
    idempotency_key: tuple[str, str] | None = None
    """The project that sent the request, and the request's Idempotency-Key."""


@dataclass(frozen=True)
class Held:
    """An instance that an operation holds, with a part of its own; `lock` None: the lock class of the operation."""

    instance: Instance
    part: Part = Part.MEMBER
    lock: Lock | None = None
    spec: InstanceSpec | None = None
    """The instance's new spec; None: the operation does not change it."""


@dataclass(frozen=True)
class Order:
    """The order for an operation: its kind, its request (a dataclass) and its first secrets."""

    kind: OperationKind
    request: object | None = None
    secrets: tuple[object, ...] = field(default=(), repr=False)


def lock_instance(
    session: Session, project_id: str, instance_id: str, lock: Lock, passing: Collection[str] = ()
) -> Instance:
    """Lock the project's instance for an operation of the lock class until the transaction ends, and return it.

    `passing` are the operations under way that are no hindrance.

    Raises:
        NotFound: the project has no such instance.
        Busy: an operation is under way on the instance whose lock class excludes this one.
        BusyForAMoment: that operation is a quick one.
    """
    instance = instances.lock(session, instance_id)
    if instance.project_id != project_id or instance.deleted_at is not None:
        raise NotFound(f"Instance {instance_id} cannot be found.")
    for active, held in operations.holding(session, instance_id):
        if active.id not in passing and not held.bears(lock):
            raise _hindered(instance, active)
    return instance


def require(instance: Instance, *allowed: InstanceStatus) -> None:
    """Raise Busy if the instance is in another status."""
    if instance.status not in allowed:
        raise not_available("Instance", instance.id, instance.status)


def _hindered(instance: Instance, active: Operation) -> Busy:
    """Return the error that names the operation under way, and how to cancel it."""
    kind = find(active.type)
    refusal = BusyForAMoment if kind.quick else Busy
    how = f": delete backup {active.backup_id} to cancel it" if kind.makes == "backup" else ""
    return refusal(
        f"{not_available('Instance', instance.id, instance.status).message}"
        f" Operation {active.id} ({active.type}) is under way{how}."
    )


def not_available(kind: str, resource_id: str, status: str) -> Busy:
    """Return the error for a busy resource, with Trove's message."""
    return Busy(f"{kind} {resource_id} is not currently available for an action to be performed (status was {status}).")


def accept(
    session: Session,
    caller: Caller,
    order: Order,
    instance: Instance | None = None,
    backup: Backup | None = None,
    *,
    spec: InstanceSpec | None = None,
    part: Part = Part.MEMBER,
    also: Sequence[Held] = (),
) -> Operation:
    """Write the operation, and the instance's status while it runs; the caller holds the locks.

    A new `spec` is written to the instance's row at once, so that quotas count it; the operation's target keeps the old
    spec. `also` are further instances that the operation holds.
    """
    kind, accepted = order.kind, now()
    operation = Operation(
        project_id=caller.project_id,
        user_id=caller.user_id,
        request_id=caller.request_id,
        type=kind.name,
        instance_id=instance.id if instance else None,
        backup_id=backup.id if backup else None,
        request=dict(codec.public(order.request)) if order.request is not None else {},
        sealed=sealed.seal_all(order.secrets),
        created=accepted,
        deadline=accepted + kind.limit,
    )
    session.add(operation)
    session.flush()
    named = () if instance is None else (Held(instance, part, spec=spec),)
    for held in (*named, *also):
        _hold_instance(session, operation, kind, held)
    if backup is not None and kind.backup_failed is not None:
        session.add(OperationTarget(operation_id=operation.id, resource_id=backup.id, kind="backup", held=kind.lock))
    audit.record(session, operation, audit.Event.ACCEPTED)
    if caller.idempotency_key is not None:
        tie(session, caller.idempotency_key, operation.id)
    return operation


def _hold_instance(session: Session, operation: Operation, kind: OperationKind, held: Held) -> None:
    instance = held.instance
    target = OperationTarget(
        operation_id=operation.id,
        resource_id=instance.id,
        kind="instance",
        part=held.part,
        held=held.lock or kind.lock,
        fence=hosts.next_fence(session, instance),
    )
    if held.spec is not None:
        target.before, target.after = instance.spec, held.spec
        instance.spec = held.spec
    if held.part != Part.SOURCE:
        instance.status = kind.instance_during or instance.status
    session.add(target)
    session.flush()


def request_of(operation: Operation, kind: type[codec.Message]) -> codec.Message:
    """Return the operation's request as an object of its class."""
    document: Document = operation.request
    return codec.decode(kind, document)
