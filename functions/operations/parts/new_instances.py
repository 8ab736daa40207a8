"""Acceptance of the operations that create an instance."""

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from datastores.protocol.accounts import Database, User
from functions.base.ids import new_id
from functions.base.settings import get_settings
from functions.framework.operation import OperationKind, Part
from functions.state.backups.models import Backup
from functions.state.configurations import configurations
from functions.state.hosts.models import Host
from functions.state.instances.models import Instance
from functions.state.instances.spec import InstanceSpec
from functions.state.operations.acceptance import Caller, Order, accept
from functions.state.operations.models import Operation
from functions.state.operations.secrets import FirstUsers
from functions.state.quotas import quotas


@dataclass(frozen=True)
class Request:
    """The request for an instance: its first databases. Its first users are secrets."""

    databases: tuple[Database, ...] = ()


@dataclass(frozen=True)
class NewInstance:
    """A validated create request. The values of the configuration group are added to the spec at acceptance."""

    name: str
    spec: InstanceSpec
    databases: tuple[Database, ...] = ()
    users: tuple[User, ...] = field(default=(), repr=False)
    configuration_id: str | None = None
    configuration_revision: int = 0
    """That of the values in the spec, if it has a configuration group already."""
    deletion_protection: bool = False
    tags: list[str] = field(default_factory=list)


def reserve(session: Session, asked: NewInstance, caller: Caller) -> None:
    """Check the instance against the project's quota. Raises QuotaExceeded."""
    usage = quotas.Usage(instances=1, volumes=asked.spec.volume_size, ram=asked.spec.memory_mb)
    quotas.reserve(session, caller.project_id, usage)


def accept_new(
    session: Session, kind: OperationKind, asked: NewInstance, caller: Caller, backup: Backup | None = None
) -> tuple[Instance, Operation]:
    """Accept an instance, and make its rows as `make_rows` does. Raises NotFound, BadRequest."""
    instance = make_rows(session, asked, caller)
    order = Order(kind, Request(asked.databases), (FirstUsers(asked.users),))
    return instance, accept(session, caller, order, instance, backup, part=Part.NEW)


def make_rows(session: Session, asked: NewInstance, caller: Caller) -> Instance:
    """Make the rows of an instance, which is returned, and of its host, which is PREPARING.

    Raises NotFound, BadRequest: the configuration group does not exist, or is of another datastore version.
    """
    spec, revision = asked.spec, asked.configuration_revision
    if asked.configuration_id is not None:
        group = configurations.lock(session, caller.project_id, asked.configuration_id)
        configurations.require_fit(group, spec.datastore_version_id)
        spec, revision = spec.but(configuration_id=group.id, configuration_values=group.values), group.revision
    instance = Instance(
        id=new_id(),
        project_id=caller.project_id,
        name=asked.name,
        region=get_settings().os_region_name,
        configuration_revision=revision,
        deletion_protection=asked.deletion_protection,
        tags=asked.tags,
        generation=1,
        **{name: getattr(spec, name) for name in InstanceSpec.model_fields},
    )
    session.add(instance)
    session.flush()
    session.add(Host(instance_id=instance.id))
    session.flush()
    return instance
