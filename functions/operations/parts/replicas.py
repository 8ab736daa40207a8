"""Acceptance of operations that change a replica while its primary helps and serves on."""

from sqlalchemy.orm import Session

from datastores.protocol.turns import Lock
from functions.framework.operation import OperationKind, Part
from functions.state.groups import groups
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller, Held, lock_instance


def lock_with_source(session: Session, kind: OperationKind, instance_id: str, caller: Caller) -> tuple[Instance, Held]:
    """Lock a replica for an operation of the kind, and its primary as the source; return both.

    Raises:
        NotFound, Busy.
        BadRequest: the instance is not a replica.
    """
    group = groups.lock_of_replica(session, instance_id)
    locks = {instance_id: kind.lock, str(group.primary_id): Lock.MEMBERSHIP}
    held = {each: lock_instance(session, caller.project_id, each, locks[each]) for each in sorted(locks)}
    for instance in held.values():
        groups.require_unchanged(instance, group)
    return held[instance_id], Held(held[str(group.primary_id)], Part.SOURCE, Lock.MEMBERSHIP)
