"""Another flavor: Heat changes the host, the engine restarts with settings that fit it. Replicas keep theirs.

Undone: the old flavor and settings.
"""

from datetime import timedelta

from functions.base.errors import BadRequest
from functions.base.statuses import InstanceStatus
from functions.framework.operation import change_of_instance
from functions.operations.parts import plans
from functions.operations.parts.settings import too_low
from functions.state.database import transaction
from functions.state.groups import groups
from functions.state.groups.models import Role
from functions.state.instances.models import Instance
from functions.state.instances.spec import InstanceSpec
from functions.state.operations.acceptance import Caller, Order, accept, lock_instance, require
from functions.state.operations.models import Operation
from functions.state.quotas import quotas
from functions.topology.flavors import Flavor

OPERATION = change_of_instance(
    __name__,
    *plans.stack_updated(*plans.job_undone("resize", 900)),
    *plans.job("resize", 900),
    limit=timedelta(hours=1),
    during=InstanceStatus.RESIZE,
)


def accept_resize(instance_id: str, flavor: Flavor, caller: Caller) -> Operation:
    """Accept a new flavor.

    Raises:
        NotFound, Busy, QuotaExceeded.
        BadRequest: the instance has that flavor already, or a replica that is too small for such a source.
    """
    with transaction() as session:
        quotas.lock(session, caller.project_id)
        group = groups.lock_of(session, instance_id)
        instance = lock_instance(session, caller.project_id, instance_id, OPERATION.lock)
        if flavor.id == instance.flavor_id:
            raise BadRequest(f"Instance {instance_id} has flavor {flavor.id} already: name another one.")
        require(instance, InstanceStatus.ACTIVE)
        spec = instance.spec.but(flavor_id=flavor.id, flavor_name=flavor.name, memory_mb=flavor.ram, cpus=flavor.vcpus)
        groups.require_unchanged(instance, group)
        if instance.role == Role.PRIMARY:
            _require_fitting_replicas(groups.members(session, [str(instance.group_id)]), spec)
        more = max(0, spec.memory_mb - instance.memory_mb)
        quotas.reserve(session, caller.project_id, quotas.Usage(ram=more))
        return accept(session, caller, Order(OPERATION), instance, spec=spec)


def _require_fitting_replicas(members: list[Instance], spec: InstanceSpec) -> None:
    """Raise BadRequest if a replica would stop replaying the log of a primary of that spec."""
    for replica in members:
        is_replica = replica.role == Role.REPLICA and replica.host is not None
        if is_replica and (names := too_low(replica.spec, spec)):
            raise BadRequest(
                f"Replica {replica.id} is too small for a source of flavor {spec.flavor_id}: its {' and '.join(names)}"
                " would be lower than the source's. Resize the replica first."
            )
