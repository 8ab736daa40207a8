"""Configuration groups, for the API and the sweep.

A group is locked before an instance is, so that deleting, changing and attaching a group exclude each other. A change
of its values gives a group a new revision, which the operation instance_configure brings to each instance; `lagging`
returns the instances that were busy then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from datastores.protocol.engine import Settings
from functions.base.clock import now
from functions.base.errors import BadRequest, NotFound
from functions.base.settings import get_settings
from functions.base.statuses import InstanceStatus
from functions.state.configurations.models import Configuration
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.operations.models import OperationTarget


@dataclass(frozen=True)
class NewConfiguration:
    """A validated create request."""

    name: str
    datastore_version_id: str
    values: Settings = field(default_factory=dict)
    description: str | None = None


@dataclass(frozen=True)
class Change:
    """The change of a group; None changes nothing. `merge`: the values are added to the old ones, else replace them."""

    values: Settings | None = None
    name: str | None = None
    description: str | None = None
    merge: bool = False


def create(request: NewConfiguration, project_id: str) -> Configuration:
    """Create a group."""
    with transaction() as session:
        configuration = Configuration(project_id=project_id, **vars(request))
        session.add(configuration)
        session.flush()
        return configuration


def get(project_id: str, configuration_id: str) -> Configuration:
    """Return the project's group. Raises NotFound."""
    with transaction() as session:
        return _checked(session.get(Configuration, configuration_id), project_id, configuration_id)


def names_of(seen: Sequence[Instance]) -> dict[str, str]:
    """Return the names of the groups of these instances, by the group's id."""
    ids = {instance.configuration_id for instance in seen if instance.configuration_id is not None}
    if not ids:
        return {}
    with transaction() as session:
        rows = session.execute(select(Configuration.id, Configuration.name).where(Configuration.id.in_(ids)))
        return dict(rows.tuples().all())


def page(project_id: str, limit: int, marker: str | None) -> list[Configuration]:
    """Return up to `limit` groups of the project after `marker`, in the order of their ids."""
    query = select(Configuration).where(Configuration.project_id == project_id, Configuration.deleted_at.is_(None))
    if marker:
        query = query.where(Configuration.id > marker)
    with transaction() as session:
        return list(session.scalars(query.order_by(Configuration.id).limit(limit)))


def instance_count(configuration_id: str) -> int:
    """Return how many instances have the group."""
    with transaction() as session:
        return _count(session, configuration_id)


def instances(configuration_id: str, limit: int | None = None, marker: str | None = None) -> list[Instance]:
    """Return up to `limit` instances that have the group after `marker`, in the order of their ids."""
    query = select(Instance).where(Instance.configuration_id == configuration_id, Instance.deleted_at.is_(None))
    if marker:
        query = query.where(Instance.id > marker)
    with transaction() as session:
        return list(session.scalars(query.order_by(Instance.id).limit(limit)))


def change(project_id: str, configuration_id: str, asked: Change) -> Configuration:
    """Change a group; each of its instances needs an operation after that. Raises NotFound."""
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
        BadRequest: an instance has the group.
    """
    with transaction() as session:
        configuration = lock(session, project_id, configuration_id)
        if count := _count(session, configuration_id):
            raise BadRequest(
                f"Configuration group {configuration_id} is attached to {count} instance(s): detach it first."
            )
        configuration.deleted_at = now()


def lock(session: Session, project_id: str, configuration_id: str) -> Configuration:
    """Lock the project's group until the transaction ends and return it. Raises NotFound."""
    found = session.get(Configuration, configuration_id, with_for_update=True)
    return _checked(found, project_id, configuration_id)


def require_fit(configuration: Configuration, datastore_version_id: str) -> None:
    """Raise BadRequest if the group is of another datastore version than the instance."""
    if configuration.datastore_version_id != datastore_version_id:
        raise BadRequest(
            f"Datastore version {configuration.datastore_version_id} of configuration group {configuration.id} is not "
            f"the instance's datastore version {datastore_version_id}."
        )


def lagging() -> list[Instance]:
    """Return up to `sweep_configurations` ACTIVE idle instances that have an old revision of their group."""
    busy = exists().where(OperationTarget.resource_id == Instance.id, OperationTarget.held.is_not(None))
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
        return list(session.scalars(query.order_by(Instance.id).limit(get_settings().sweep_configurations)))


def _checked(configuration: Configuration | None, project_id: str, configuration_id: str) -> Configuration:
    if configuration is None or configuration.project_id != project_id or configuration.deleted_at is not None:
        raise NotFound(f"Configuration group {configuration_id} cannot be found.")
    return configuration


def _count(session: Session, configuration_id: str) -> int:
    query = select(func.count()).where(Instance.configuration_id == configuration_id, Instance.deleted_at.is_(None))
    return session.scalar(query) or 0
