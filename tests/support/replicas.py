"""Sources and replicas whose operations were moved by hand, without a workflow."""

from datastores.catalog import catalog
from functions.operations import instance_create, replica_create
from functions.state.database import transaction
from functions.state.groups import groups
from functions.state.groups.models import Role
from functions.state.instances import instances
from functions.state.instances.models import Instance
from functions.state.operations import operations
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation
from tests.support.operations import finish, new_instance


def source_of(caller: Caller, datastore: str = "postgresql") -> Instance:
    """An instance that serves."""
    version = catalog().version(datastore, None)
    instance, created = instance_create.accept_create(new_instance("source", datastore_version_id=version.id), caller)
    finish(created)
    return instances.load(instance.id)


def replicas(source: Instance, caller: Caller, count: int = 1) -> list[Instance]:
    """Replicas that serve."""
    _, created = replica_create.accept_replicas(source.id, new_instance("replica"), count, caller)
    finish(created)
    with transaction() as session:
        group = groups.of(instances.load(source.id))
        return [member for member in groups.members(session, [group.id]) if member.role == Role.REPLICA]


def targets(operation: Operation) -> dict[str, tuple[str, str | None]]:
    """The part and lock class of each instance that an operation holds."""
    found = operations.load(operation.id).targets
    return {target.resource_id: (target.part, target.held) for target in found}
