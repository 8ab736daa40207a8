"""The software of a datastore version as it is now, over the same data, which that version takes over.

The database stops before Heat changes the host. Undone: the old host, and the data as it was; data that the new
version has begun to serve stays, and so does the version.
"""

from datetime import timedelta

from functions.base.errors import BadRequest
from functions.base.statuses import InstanceStatus
from functions.framework.operation import Task, change_of_instance
from functions.operations.parts import plans
from functions.state.database import transaction
from functions.state.groups import groups
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller, Order, accept, lock_instance, require
from functions.state.operations.models import Operation

OPERATION = change_of_instance(
    __name__,
    Task("run_stop", "job.run", {"action": "stop"}, 900, spec="before"),
    *plans.stack_updated(*plans.job_undone("upgrade", 7200)),
    *plans.job("upgrade", 72000, Task("keep_converted", "job.keep_converted", seconds=60, optional=True, spec="after")),
    limit=timedelta(hours=24),
    during=InstanceStatus.UPGRADE,
)


def accept_upgrade(seen: Instance, version_id: str, caller: Caller) -> Operation:
    """Accept an upgrade of the instance that was `seen` to a datastore version that takes over its data.

    For the instance's own version, its software is installed again.

    Raises:
        NotFound, Busy.
        BadRequest: the version is new and a configuration group is attached or the instance replicates, or it was
            upgraded since.
    """
    with transaction() as session:
        instance = lock_instance(session, caller.project_id, seen.id, OPERATION.lock)
        require(instance, InstanceStatus.ACTIVE)
        if instance.datastore_version_id != seen.datastore_version_id:
            raise BadRequest(f"Instance {instance.id} has been upgraded meanwhile: look at its version first.")
        if version_id != instance.datastore_version_id and instance.configuration_id is not None:
            raise BadRequest(
                f"Instance {instance.id} has a configuration group of its present version attached: detach it, upgrade,"
                " and attach one of the new version."
            )
        if version_id != instance.datastore_version_id and groups.replicates(session, instance):
            raise BadRequest(
                f"Instance {instance.id} has a source or replicas, which would not follow a new version: detach the"
                " replicas, upgrade, and make new ones."
            )
        spec = instance.spec.but(datastore_version_id=version_id)
        return accept(session, caller, Order(OPERATION), instance, spec=spec)
