"""Changes of a source that its replicas get, too: all of them, or none."""

from sqlalchemy.orm import Session

from datastores.protocol.turns import Lock
from functions.base.errors import BadRequest
from functions.state.groups import groups
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import lock_instance


def lock_with_replicas(session: Session, project_id: str, instance_id: str, lock: Lock) -> list[Instance]:
    """Lock an instance, and the replicas of a source, for an operation of the lock class; return them, it first.

    Replicas whose creation failed are left out: they have no host, and can only be deleted.

    Raises:
        NotFound, Busy.
        BadRequest: the instance is a replica itself.
    """
    group = groups.lock_of(session, instance_id)
    if group is not None and group.primary_id != instance_id:
        raise BadRequest(
            f"Instance {instance_id} is a replica: change its source, {group.primary_id}, which it follows."
        )
    ids = groups.member_ids(session, group) if group else [instance_id]
    held = [lock_instance(session, project_id, each, lock) for each in ids]
    for instance in held:
        groups.require_unchanged(instance, group)
    there = [instance for instance in held if instance.id == instance_id or instance.host is not None]
    return sorted(there, key=lambda instance: instance.id != instance_id)
