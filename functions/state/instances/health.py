"""The instances that the health probe asks, and their operating status.

The probe changes an instance only while no operation holds it but a backup.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from datastores.protocol.replication import MemberState
from datastores.protocol.turns import Lock
from functions.base.clock import now
from functions.base.settings import get_settings
from functions.base.statuses import InstanceStatus
from functions.state.database import transaction
from functions.state.groups.models import Role
from functions.state.instances import instances
from functions.state.instances.models import Fault, Instance
from functions.state.instances.observation import Observation
from functions.state.operations import operations
from functions.state.operations.models import OperationTarget

SERVING = (InstanceStatus.ACTIVE, InstanceStatus.BACKUP)
"""The statuses of instances whose database runs for clients."""
HEALTHY = "HEALTHY"
"""The operating status of a database that serves its clients."""
BLOCKED = "BLOCKED"
"""The operating status of a database that answers, but does not serve: it is full, or refuses even the service."""
FAILING = "ERROR"
"""The operating status of a database that does not run, or whose host does not answer."""

_PROBE = "the health probe"
"""The details of a fault that a probe found."""
_SERVES = (Lock.COPYING, Lock.MEMBERSHIP)
"""The lock classes under which the database serves as before."""


def idle() -> ColumnElement[bool]:
    """Return the SQL condition of an instance that serves and that no operation holds for more than its data."""
    return Instance.status.in_(SERVING) & _undisturbed()


def claim(limit: int) -> list[Instance]:
    """Claim up to `limit` instances of all projects that are due, and return them; other runs skip them.

    They are idle, or replicas in ERROR that have a host.
    """
    failed = (Instance.status == InstanceStatus.ERROR) & (Instance.role == Role.REPLICA) & Instance.host.has()
    asked = Instance.status.in_(SERVING) | failed
    with transaction() as session:
        due = (
            select(Instance)
            .where(asked, _undisturbed(), Instance.probe_due <= now())
            .order_by(Instance.probe_due)
            .limit(limit)
        )
        found = list(session.scalars(due.with_for_update(of=Instance, skip_locked=True)))
        _plan(
            session,
            [instance.id for instance in found],
            probe_due=now() + timedelta(seconds=get_settings().probe_claim_seconds),
        )
        return found


@dataclass(frozen=True)
class Finding:
    """What a probe found: the operating status, and whether the host gave no answer.

    Of a member of a group, too: how it is, since when it is astray, and the fault that its tenant is told, if any.
    """

    status: str
    silent: bool = False
    member: MemberState | None = None
    astray_since: datetime | None = None
    fault: str | None = None


def record(seen: Instance, found: Finding) -> bool:
    """Store what a probe found, and when the next probe is due; return whether the operating status changed.

    Nothing but the latter is stored if an operation was accepted since the instance was `seen`. The operating status of
    an instance in ERROR stays.
    """
    with transaction() as session:
        instance = instances.lock(session, seen.id)
        if instance.host is None or seen.host is None or instance.status not in {*SERVING, InstanceStatus.ERROR}:
            return False
        _plan(session, [seen.id], **_next_probe(seen, silent=found.silent))
        if instance.host.fence != seen.host.fence or _changing(session, instance):
            return False
        _plan(session, [seen.id], **_observed(instance, found))
        if instance.status not in SERVING:
            return False
        _tell(instance, found.fault)
        before, instance.operating_status = instance.operating_status, found.status
        return instance.operating_status != before


def _next_probe(seen: Instance, *, silent: bool) -> dict[str, object]:
    silences = seen.silences + 1 if silent else 0
    settings = get_settings()
    wait = min(
        settings.probe_interval_seconds * 2 ** min(max(silences - 1, 0), 10), settings.probe_longest_interval_seconds
    )
    return {"probe_due": now() + timedelta(seconds=wait), "silences": silences}


def _observed(instance: Instance, found: Finding) -> dict[str, object]:
    if found.member is None:
        return {"astray_since": found.astray_since}
    observation = Observation.made(found.member, instance.observation)
    return {"astray_since": found.astray_since, "observation": observation}


def _tell(instance: Instance, message: str | None) -> None:
    """Have the instance show a fault, or none; one that is not of a probe stays."""
    fault = instance.fault
    if fault is not None and fault.details != _PROBE:
        return
    if message is None:
        instance.fault = None
    elif fault is None or fault.message != message:
        instance.fault = Fault(message=message, created=now().isoformat(timespec="seconds"), details=_PROBE)


def _changing(session: Session, instance: Instance) -> bool:
    return any(held not in _SERVES for _active, held in operations.holding(session, instance.id))


def _plan(session: Session, instance_ids: list[str], **values: object) -> None:
    """Set when instances are probed next, without changing their `updated`."""
    which = update(Instance).where(Instance.id.in_(instance_ids))
    session.execute(
        which.values(values | {"updated": Instance.updated}), execution_options={"synchronize_session": False}
    )


def _undisturbed() -> ColumnElement[bool]:
    busy = select(OperationTarget.operation_id).where(
        OperationTarget.resource_id == Instance.id, OperationTarget.held.not_in(_SERVES)
    )
    return Instance.deleted_at.is_(None) & ~busy.exists()
