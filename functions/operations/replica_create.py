"""New replicas of an instance: the group gets its endpoints, Heat makes the replicas' hosts, the primary admits them, a
job on each copies the primary's data and follows it, and readers are led to them. The data come straight from the
primary or, for a datastore that seeds from a backup, by way of the object store: the primary writes a full backup for
this operation alone, which is deleted at the end.

Undone: the jobs are ended, the backup is deleted, the primary forgets the new members, their stacks are deleted, and
the endpoints, too, if they are new.
"""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from datastores.protocol.turns import Lock
from functions.base.errors import BadRequest, NotASource
from functions.base.statuses import InstanceStatus
from functions.framework.operation import On, OperationKind, Part, Task
from functions.operations.parts import plans
from functions.operations.parts.new_instances import NewInstance, make_rows, reserve
from functions.state.database import transaction
from functions.state.groups import groups
from functions.state.groups.models import Group, Role
from functions.state.groups.policy import FailoverPolicy
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller, Held, Order, accept, lock_instance, require
from functions.state.operations.models import Operation
from functions.state.quotas import quotas
from functions.state.tls import tls_certificates

_OPENED_TO_ENDPOINTS = (
    Task("update_source_stack", "stack.update", seconds=plans.STACK_SECONDS, on=On.PRIMARY),
    Task("run_access", "job.run", {"action": "access"}, on=On.PRIMARY),
)
"""Have the source's host admit what comes through the endpoints, and show a certificate for their addresses."""
_SHUT_AGAIN = (
    Task("revert_source_stack", "stack.revert", seconds=plans.STACK_SECONDS, on=On.PRIMARY),
    Task("undo_access", "job.run_undo", {"action": "access"}, on=On.PRIMARY),
)
OPERATION = OperationKind(
    module=__name__,
    plan=(
        Task(
            "create_endpoints",
            "endpoint.create",
            seconds=plans.STACK_SECONDS,
            undo=(Task("discard_endpoints", "endpoint.discard", seconds=plans.STACK_SECONDS), *_SHUT_AGAIN),
        ),
        *_OPENED_TO_ENDPOINTS,
        Task("certify_host", "host.certify", on=On.EACH_NEW),
        *(plans.on(On.EACH_NEW, task) for task in plans.STACK_CREATED),
        Task(
            "admit_replicas",
            "member.admit",
            on=On.PRIMARY,
            undo=(Task("dismiss_replicas", "member.dismiss", on=On.PRIMARY, seconds=60, optional=True),),
        ),
        *plans.SEED_MADE,
        *(plans.on(On.EACH_NEW, task) for task in plans.job("replicate", 86400)),
        *plans.SEED_FORGOTTEN,
        Task("synchronise", "member.synchronise", on=On.PRIMARY),
        *plans.pointed("readers", *plans.pointed_back("readers")),
    ),
    limit=timedelta(hours=24),
    instance_during=InstanceStatus.BUILD,
    instance_after=InstanceStatus.ACTIVE,
    instance_failed=InstanceStatus.ERROR,
    makes="instance",
)


def accept_replicas(
    source_id: str, asked: NewInstance, count: int, caller: Caller, policy: FailoverPolicy | None = None
) -> tuple[Instance, Operation]:
    """Accept `count` replicas of an instance, whose spec they get, but for the access; return the last one.

    The first replicas may bring the `policy` of the group that they make.

    Raises:
        NotFound, Busy, QuotaExceeded.
        NotASource: the instance is a replica itself.
        BadRequest: the group has a policy already, or this one wants more replicas.
    """
    with transaction() as session:
        quotas.lock(session, caller.project_id)
        group, source = _lock_source(session, source_id, caller, policy)
        spec = source.spec.but(access=asked.spec.access)
        asked = replace(asked, spec=spec, configuration_revision=source.configuration_revision)
        made = []
        for number in range(1, count + 1):
            reserve(session, asked, caller)
            name = asked.name if count == 1 else f"{asked.name}-{number}"
            replica = make_rows(session, replace(asked, name=name), caller)
            replica.group_id, replica.role = group.id, Role.REPLICA
            replica.tls = source.tls and tls_certificates.own(session, replica.id, source.tls)
            replica.tls_before = None
            made.append(replica)
        also = [Held(replica, Part.NEW) for replica in made[:-1]]
        also.append(Held(source, Part.SOURCE, Lock.MEMBERSHIP))
        return made[-1], accept(session, caller, Order(OPERATION), made[-1], part=Part.NEW, also=also)


def _lock_source(
    session: Session, source_id: str, caller: Caller, policy: FailoverPolicy | None
) -> tuple[Group, Instance]:
    """Lock the source and its group, which is made if it has none."""
    group = groups.lock_of(session, source_id)
    source = lock_instance(session, caller.project_id, source_id, Lock.MEMBERSHIP)
    groups.require_unchanged(source, group)
    require(source, InstanceStatus.ACTIVE, InstanceStatus.BACKUP)
    if source.role == Role.REPLICA:
        raise NotASource(f"Instance {source_id} is a replica: make replicas of its source.")
    if group is not None and policy is not None:
        raise BadRequest(f"Instance {source_id} has a group: change its failover by an update of the instance.")
    return group or groups.found(session, source, policy or FailoverPolicy()), source
