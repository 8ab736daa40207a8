"""A larger volume, of a source and its replicas: Heat extends it, then its file system grows.

Undone: the old size, unless a volume has grown already, for volumes do not shrink.
"""

from datetime import timedelta

from functions.base.errors import BadRequest
from functions.base.statuses import InstanceStatus
from functions.framework.operation import change_of_instance
from functions.operations.parts import plans
from functions.operations.parts.sources import lock_with_replicas
from functions.state.database import transaction
from functions.state.operations.acceptance import Caller, Held, Order, accept, require
from functions.state.operations.models import Operation
from functions.state.quotas import quotas

OPERATION = change_of_instance(
    __name__,
    *plans.on_each_member(plans.stack_updated()),
    *plans.on_each_member(plans.job("grow", 900)),
    limit=timedelta(hours=1),
    during=InstanceStatus.RESIZE,
)


def accept_resize_volume(instance_id: str, volume_size: int, caller: Caller) -> Operation:
    """Accept a larger volume, in GB, for an instance and those of its replicas that have a smaller one.

    Raises:
        NotFound, Busy, QuotaExceeded.
        BadRequest: the size is not larger, or the instance has no volume or is a replica.
    """
    with transaction() as session:
        quotas.lock(session, caller.project_id)
        instance, *replicas = lock_with_replicas(session, caller.project_id, instance_id, OPERATION.lock)
        if not instance.volume_size:
            raise BadRequest(f"Instance {instance_id} has no volume: its datastore keeps nothing on one.")
        if volume_size <= instance.volume_size:
            raise BadRequest(
                f"The new volume 'size' must be larger than the current volume size of {instance.volume_size} GB:"
                " volumes only grow."
            )
        smaller = [each for each in (instance, *replicas) if each.volume_size < volume_size]
        for each in smaller:
            require(each, InstanceStatus.ACTIVE)
        more = sum(volume_size - each.volume_size for each in smaller)
        quotas.reserve(session, caller.project_id, quotas.Usage(volumes=more))
        held = [Held(each, spec=each.spec.but(volume_size=volume_size)) for each in smaller]
        return accept(session, caller, Order(OPERATION), instance, spec=held[0].spec, also=held[1:])
