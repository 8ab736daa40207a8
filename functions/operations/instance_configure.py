"""Other settings for an instance and its replicas: those of the configuration group that it gets, has or loses.

Undone: the settings before.
"""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from functions.base.errors import BadRequest
from functions.base.statuses import InstanceStatus
from functions.framework.operation import TASK_SECONDS, OperationKind
from functions.operations.parts import plans
from functions.operations.parts.sources import lock_with_replicas
from functions.state.configurations import configurations
from functions.state.configurations.models import Configuration
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller, Held, Order, accept, require
from functions.state.operations.models import Operation

OPERATION = OperationKind(
    module=__name__,
    plan=plans.on_each_member(plans.job("configure", TASK_SECONDS, *plans.job_undone("configure", TASK_SECONDS))),
    limit=timedelta(minutes=15),
    quick=True,
)


def accept_attach(instance_id: str, configuration_id: str, caller: Caller) -> Operation:
    """Accept the attachment of a group to an instance that has none.

    Raises:
        NotFound, Busy.
        BadRequest: the instance has a group or is a replica, or this group is of another datastore version.
    """
    with transaction() as session:
        configuration = configurations.lock(session, caller.project_id, configuration_id)
        instance, *replicas = _lock(session, caller.project_id, instance_id)
        if instance.configuration_id is not None:
            raise BadRequest(
                f"Instance {instance_id} already has configuration group {instance.configuration_id} attached: "
                "detach it first."
            )
        configurations.require_fit(configuration, instance.datastore_version_id)
        return _accept(session, caller, [instance, *replicas], configuration)


def accept_detach(instance_id: str, caller: Caller) -> Operation | None:
    """Accept the detachment of the instance's group; return None if it has none.

    Raises NotFound, Busy; BadRequest: the instance is a replica.
    """
    with transaction() as session:
        held = _lock(session, caller.project_id, instance_id)
        return None if held[0].configuration_id is None else _accept(session, caller, held, None)


def accept_apply(instance_id: str, caller: Caller) -> Operation | None:
    """Accept the newest revision of its group for an instance; return None if the instance has it already.

    Raises:
        NotFound, Busy.
        BadRequest: the instance is a replica, which gets it with its source.
    """
    with transaction() as session:
        attached = session.scalar(select(Instance.configuration_id).where(Instance.id == instance_id))
        if attached is None:
            return None
        configuration = configurations.lock(session, caller.project_id, attached)
        instance, *replicas = _lock(session, caller.project_id, instance_id)
        if instance.configuration_id != attached or instance.configuration_revision >= configuration.revision:
            return None
        return _accept(session, caller, [instance, *replicas], configuration)


def _lock(session: Session, project_id: str, instance_id: str) -> list[Instance]:
    """Lock the instance and its replicas; return it first. Raises NotFound, Busy, BadRequest."""
    held = lock_with_replicas(session, project_id, instance_id, OPERATION.lock)
    for each in held:
        require(each, InstanceStatus.ACTIVE)
    return held


def _accept(
    session: Session, caller: Caller, instances: list[Instance], configuration: Configuration | None
) -> Operation:
    """Accept the values of a group for the instances, or the removal of their group's values."""
    group_id, values = (configuration.id, configuration.values) if configuration else (None, {})
    if configuration is not None:
        for instance in instances:
            instance.configuration_revision = configuration.revision
    named, *also = [
        Held(each, spec=each.spec.but(configuration_id=group_id, configuration_values=values)) for each in instances
    ]
    return accept(session, caller, Order(OPERATION), named.instance, spec=named.spec, also=also)
