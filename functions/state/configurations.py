"""Configuration groups: what the API reads, and the transactions that accept its requests.

A group is locked before an instance is, so that deleting, changing and attaching one exclude each other. Changing a
group's values gives it a new revision; `accept_apply` brings that to an instance once, `lagging` finds those that were
busy meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from functions.runtime.clock import now
from functions.runtime.errors import BadRequest, NotFound
from functions.state.acceptance import Caller, Order, accept, lock_instance, not_available
from functions.state.database import transaction
from functions.state.models import (
    ACTIVE_STATES,
    Configuration,
    Instance,
    InstanceStatus,
    Operation,
    OperationType,
)

LAGGING_AT_ONCE = 50


@dataclass(frozen=True)
class NewConfiguration:
    """A validated create request."""

    name: str
    datastore_version_id: str
    values: dict[str, Any] = field(default_factory=dict)
    description: str | None = None


@dataclass(frozen=True)
class Change:
    """What to change of a group; None leaves it. `merge`: values are put over those it has, else they replace them."""

    values: dict[str, Any] | None = None
    name: str | None = None
    description: str | None = None
    merge: bool = False


def create(request: NewConfiguration, project_id: str) -> Configuration:
    """A new group."""
    with transaction() as session:
        configuration = Configuration(project_id=project_id, **vars(request))
        session.add(configuration)
        session.flush()
        return configuration


def get(project_id: str, configuration_id: str) -> Configuration:
    """The project's group. Raises NotFound."""
    with transaction() as session:
        return _checked(session.get(Configuration, configuration_id), project_id, configuration_id)


def names_of(seen: Sequence[Instance]) -> dict[str, str]:
    """The names of the groups that these instances have, by id."""
    ids = {instance.configuration_id for instance in seen if instance.configuration_id is not None}
    if not ids:
        return {}
    with transaction() as session:
        rows = session.execute(select(Configuration.id, Configuration.name).where(Configuration.id.in_(ids)))
        return dict(rows.tuples().all())


def page(project_id: str, limit: int, marker: str | None) -> list[Configuration]:
    """The project's groups after `marker`, in the order of their ids: up to `limit`."""
    query = select(Configuration).where(Configuration.project_id == project_id, Configuration.deleted_at.is_(None))
    if marker:
        query = query.where(Configuration.id > marker)
    with transaction() as session:
        return list(session.scalars(query.order_by(Configuration.id).limit(limit)))


def instance_count(configuration_id: str) -> int:
    """How many instances have the group."""
    with transaction() as session:
        return _count(session, configuration_id)


def instances(configuration_id: str, limit: int | None = None, marker: str | None = None) -> list[Instance]:
    """The instances that have the group, after `marker`, in the order of their ids: up to `limit`."""
    query = select(Instance).where(Instance.configuration_id == configuration_id, Instance.deleted_at.is_(None))
    if marker:
        query = query.where(Instance.id > marker)
    with transaction() as session:
        return list(session.scalars(query.order_by(Instance.id).limit(limit)))


def change(project_id: str, configuration_id: str, asked: Change) -> Configuration:
    """Change a group; its instances have it only when `accept_apply` was called for each. Raises NotFound."""
    with transaction() as session:
        configuration = lock(session, project_id, configuration_id)
        if asked.name is not None:
            configuration.name = asked.name
        if asked.description is not None:
            configuration.description = asked.description
        if asked.values is not None:
            configuration.values = configuration.values | asked.values if asked.merge else asked.values
            configuration.revision += 1
        return configuration


def delete(project_id: str, configuration_id: str) -> None:
    """Delete a group.

    Raises:
        NotFound.
        BadRequest: an instance has it.
    """
    with transaction() as session:
        configuration = lock(session, project_id, configuration_id)
        if count := _count(session, configuration_id):
            raise BadRequest(
                f"Configuration group {configuration_id} is attached to {count} instance(s): detach it first."
            )
        configuration.deleted_at = now()


def lock(session: Session, project_id: str, configuration_id: str) -> Configuration:
    """The project's group, locked until the transaction ends. Raises NotFound."""
    found = session.get(Configuration, configuration_id, with_for_update=True)
    return _checked(found, project_id, configuration_id)


def require_fit(configuration: Configuration, datastore_version_id: str) -> None:
    """Raises BadRequest when a group is of another datastore version than the instance."""
    if configuration.datastore_version_id != datastore_version_id:
        raise BadRequest(
            f"Datastore version {configuration.datastore_version_id} of configuration group {configuration.id} is not "
            f"the instance's datastore version {datastore_version_id}."
        )


def give(session: Session, instance: Instance, configuration_id: str) -> None:
    """Give a group to an instance that is being made. Raises NotFound, BadRequest: see `require_fit`."""
    configuration = lock(session, instance.project_id, configuration_id)
    require_fit(configuration, instance.datastore_version_id)
    _set(instance, configuration)


def accept_attach(instance_id: str, configuration_id: str, caller: Caller) -> Operation:
    """Accept the attaching of a group to an instance that has none.

    Raises:
        NotFound, Busy.
        BadRequest: the instance has one, or the group is of another datastore version.
    """
    with transaction() as session:
        configuration = lock(session, caller.project_id, configuration_id)
        instance = _lock_active(session, caller.project_id, instance_id)
        if instance.configuration_id is not None:
            raise BadRequest(
                f"Instance {instance_id} already has configuration group {instance.configuration_id} attached: "
                "detach it first."
            )
        require_fit(configuration, instance.datastore_version_id)
        return _accept(session, caller, instance, configuration)


def accept_detach(instance_id: str, caller: Caller) -> Operation | None:
    """Accept the detaching of the instance's group; None when it has none.

    Raises:
        NotFound, Busy.
    """
    with transaction() as session:
        instance = _lock_active(session, caller.project_id, instance_id)
        if instance.configuration_id is None:
            return None
        return _accept(session, caller, instance, None)


def accept_apply(instance_id: str, caller: Caller) -> Operation | None:
    """Accept bringing the newest revision of its group to an instance; None when it had that already.

    Raises:
        NotFound, Busy.
    """
    with transaction() as session:
        attached = session.scalar(select(Instance.configuration_id).where(Instance.id == instance_id))
        if attached is None:
            return None
        configuration = lock(session, caller.project_id, attached)
        instance = _lock_active(session, caller.project_id, instance_id)
        if instance.configuration_id != attached or instance.configuration_revision >= configuration.revision:
            return None
        return _accept(session, caller, instance, configuration)


def lagging() -> list[Instance]:
    """Instances of all projects that are ACTIVE and idle and were not given the newest revision of their group."""
    busy = exists().where(Operation.instance_id == Instance.id, Operation.state.in_(ACTIVE_STATES))
    query = (
        select(Instance)
        .join(Configuration, Configuration.id == Instance.configuration_id)
        .where(
            Instance.deleted_at.is_(None),
            Instance.status == InstanceStatus.ACTIVE,
            Instance.configuration_revision < Configuration.revision,
            ~busy,
        )
    )
    with transaction() as session:
        return list(session.scalars(query.order_by(Instance.id).limit(LAGGING_AT_ONCE)))


def _accept(session: Session, caller: Caller, instance: Instance, configuration: Configuration | None) -> Operation:
    """The instance's row has the new values from now on; the operation keeps those before (see `instance_changes`)."""
    before = {
        "configuration_id": instance.configuration_id,
        "configuration_values": instance.configuration_values,
    }
    _set(instance, configuration)
    order = Order(OperationType.INSTANCE_CONFIGURE, {"before": before})
    return accept(session, caller, order, instance)


def _set(instance: Instance, configuration: Configuration | None) -> None:
    instance.configuration_id = configuration.id if configuration else None
    instance.configuration_values = dict(configuration.values) if configuration else {}
    if configuration is not None:
        instance.configuration_revision = configuration.revision


def _lock_active(session: Session, project_id: str, instance_id: str) -> Instance:
    instance = lock_instance(session, project_id, instance_id, OperationType.INSTANCE_CONFIGURE)
    if instance.status != InstanceStatus.ACTIVE:
        raise not_available("Instance", instance_id, instance.status)
    return instance


def _checked(configuration: Configuration | None, project_id: str, configuration_id: str) -> Configuration:
    if configuration is None or configuration.project_id != project_id or configuration.deleted_at is not None:
        raise NotFound(f"Configuration group {configuration_id} cannot be found.")
    return configuration


def _count(session: Session, configuration_id: str) -> int:
    query = select(func.count()).where(Instance.configuration_id == configuration_id, Instance.deleted_at.is_(None))
    return session.scalar(query) or 0
