"""Changes of an instance that is there: the transactions that accept them, and what puts the old values back.

The row has the new values from acceptance on, so that the quota counts them; the operation keeps the old ones as
`before`, and `restore` brings them back when the change is undone.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from functions.runtime.errors import BadRequest
from functions.state import quotas
from functions.state.acceptance import Caller, Order, accept, lock_instance, not_available
from functions.state.database import transaction
from functions.state.models import Instance, InstanceStatus, Operation, OperationType


@dataclass(frozen=True)
class Size:
    """A flavor as the state keeps it; memory in MB."""

    flavor_id: str
    memory_mb: int
    cpus: int


def accept_resize(instance_id: str, size: Size, caller: Caller) -> Operation:
    """Accept another flavor.

    Raises:
        NotFound, Busy, QuotaExceeded.
        BadRequest: it is the flavor that the instance has.
    """
    with transaction() as session:
        instance = _lock(session, caller, instance_id, OperationType.INSTANCE_RESIZE)
        if size.flavor_id == instance.flavor_id:
            raise BadRequest(f"Instance {instance_id} has flavor {size.flavor_id} already: name another one.")
        _require(instance, InstanceStatus.ACTIVE)
        more = max(0, size.memory_mb - instance.memory_mb)
        quotas.reserve(session, caller.project_id, quotas.Usage(ram=more))
        return _accept(session, caller, OperationType.INSTANCE_RESIZE, instance, vars(size))


def accept_resize_volume(instance_id: str, volume_size: int, caller: Caller) -> Operation:
    """Accept a larger volume, in GB.

    Raises:
        NotFound, Busy, QuotaExceeded.
        BadRequest: it is not larger, or the instance has none.
    """
    with transaction() as session:
        instance = _lock(session, caller, instance_id, OperationType.INSTANCE_RESIZE_VOLUME)
        if not instance.volume_size:
            raise BadRequest(f"Instance {instance_id} has no volume: its datastore keeps nothing on one.")
        if volume_size <= instance.volume_size:
            raise BadRequest(
                f"The new volume 'size' must be larger than the current volume size of {instance.volume_size} GB:"
                " volumes only grow."
            )
        _require(instance, InstanceStatus.ACTIVE)
        quotas.reserve(session, caller.project_id, quotas.Usage(volumes=volume_size - instance.volume_size))
        values = {"volume_size": volume_size}
        return _accept(session, caller, OperationType.INSTANCE_RESIZE_VOLUME, instance, values)


def accept_access(instance_id: str, access: dict[str, Any], caller: Caller) -> Operation:
    """Accept other access rules; a key of `access` that is left out keeps its value. Raises NotFound, Busy."""
    with transaction() as session:
        instance = lock_instance(session, caller.project_id, instance_id, OperationType.INSTANCE_ACCESS)
        _require(instance, InstanceStatus.ACTIVE)
        values = {"access": instance.access | access}
        return _accept(session, caller, OperationType.INSTANCE_ACCESS, instance, values)


def accept_upgrade(seen: Instance, version_id: str, caller: Caller) -> Operation:
    """Accept an upgrade of the instance that was `seen` to a datastore version that takes over its data, which its own
    version does: then that one's software is installed anew.

    Raises:
        NotFound, Busy.
        BadRequest: a configuration group is attached, and the version another one; or it has changed meanwhile.
    """
    with transaction() as session:
        instance = lock_instance(session, caller.project_id, seen.id, OperationType.INSTANCE_UPGRADE)
        _require(instance, InstanceStatus.ACTIVE)
        if instance.datastore_version_id != seen.datastore_version_id:
            raise BadRequest(f"Instance {instance.id} has been upgraded meanwhile: look at its version first.")
        if version_id != instance.datastore_version_id and instance.configuration_id is not None:
            raise BadRequest(
                f"Instance {instance.id} has a configuration group of its present version attached: detach it, upgrade,"
                " and attach one of the new version."
            )
        request = {"before": {}, "datastore_version_id": version_id}
        return accept(session, caller, Order(OperationType.INSTANCE_UPGRADE, request), instance)


def accept_stop(instance_id: str, caller: Caller) -> Operation:
    """Accept stopping the database; its host and data stay. Raises NotFound, Busy."""
    with transaction() as session:
        instance = lock_instance(session, caller.project_id, instance_id, OperationType.INSTANCE_STOP)
        _require(instance, InstanceStatus.ACTIVE)
        return accept(session, caller, Order(OperationType.INSTANCE_STOP), instance)


def accept_start(instance_id: str, caller: Caller) -> Operation:
    """Accept starting a database that was stopped. Raises NotFound, Busy."""
    with transaction() as session:
        instance = lock_instance(session, caller.project_id, instance_id, OperationType.INSTANCE_START)
        _require(instance, InstanceStatus.SHUTDOWN)
        return accept(session, caller, Order(OperationType.INSTANCE_START), instance)


def restore(operation_id: str) -> None:
    """Put the values back that the operation's instance had."""
    with transaction() as session:
        operation = session.get_one(Operation, operation_id, with_for_update=True)
        instance = session.get_one(Instance, operation.instance_id, with_for_update=True)
        for name, value in operation.request["before"].items():
            setattr(instance, name, value)


def _lock(session: Session, caller: Caller, instance_id: str, wanted: OperationType) -> Instance:
    """The project, for its quota, and then the instance: the order in which every request takes them."""
    quotas.reserve(session, caller.project_id, quotas.Usage())
    return lock_instance(session, caller.project_id, instance_id, wanted)


def _require(instance: Instance, *allowed: InstanceStatus) -> None:
    if instance.status not in allowed:
        raise not_available("Instance", instance.id, instance.status)


def _accept(
    session: Session, caller: Caller, kind: OperationType, instance: Instance, values: dict[str, Any]
) -> Operation:
    before = {name: getattr(instance, name) for name in values}
    for name, value in values.items():
        setattr(instance, name, value)
    return accept(session, caller, Order(kind, {"before": before, "after": values}), instance)
