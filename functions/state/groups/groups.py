"""Replication groups and their members."""

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from datastores.protocol.replication import Credential
from functions.base.clock import now
from functions.base.errors import BadRequest, BusyForAMoment, StepRefused
from functions.base.seal import seal, unseal
from functions.state.database import transaction
from functions.state.groups.models import Group, GroupKind, Role
from functions.state.groups.policy import FailoverMode, FailoverPolicy
from functions.state.instances import instances
from functions.state.instances.models import Instance

_SECRET_BYTES = 24
"""Bytes of entropy in the password of the replication account: 32 letters."""


def lock_of(session: Session, instance_id: str) -> Group | None:
    """Lock the instance's group until the transaction ends and return it; None if it has none.

    A transaction locks the group before its members, and calls `require_unchanged` once they are locked.
    """
    group_id = session.scalar(select(Instance.group_id).where(Instance.id == instance_id))
    return session.get(Group, group_id, with_for_update=True) if group_id else None


def require_unchanged(instance: Instance, group: Group | None) -> None:
    """Raise BusyForAMoment if the locked instance has joined or left a group since its group was locked."""
    if instance.group_id != (group.id if group else None):
        raise BusyForAMoment(f"Instance {instance.id} joins or leaves a group now: try again.")


def lock_of_replica(session: Session, instance_id: str) -> Group:
    """Lock the group of a replica as `lock_of`. Raises BadRequest if the instance is none."""
    group = lock_of(session, instance_id)
    if group is None or group.primary_id == instance_id:
        raise BadRequest(f"Instance {instance_id} is not a replica.")
    return group


def found(session: Session, primary: Instance, policy: FailoverPolicy) -> Group:
    """Make a group of the locked instance, which becomes its primary under epoch 1."""
    group = Group(
        project_id=primary.project_id,
        kind=GroupKind.REPLICATION,
        epoch=1,
        primary_id=primary.id,
        sealed=seal({"secret": secrets.token_urlsafe(_SECRET_BYTES)}),
    )
    set_policy(group, policy)
    session.add(group)
    session.flush()
    primary.group_id, primary.role = group.id, Role.PRIMARY
    return group


def set_policy(group: Group, policy: FailoverPolicy) -> None:
    """Give the locked group a policy, and have the watch look at it if that is needed."""
    group.policy = policy
    if policy.mode == FailoverMode.ASYNCHRONOUS:
        group.alone_since = None
    group.watched_until = now() if policy.is_watched or group.alone_since else None


def policy_of(instance: Instance) -> FailoverPolicy | None:
    """Return the policy of the instance's group; None if it has none."""
    with transaction() as session:
        group = session.get(Group, instance.group_id) if instance.group_id else None
        return group.policy if group else None


def restore_policy(instance: Instance, policy: FailoverPolicy) -> None:
    """Give the instance's group a policy that it had."""
    with transaction() as session:
        set_policy(session.get_one(Group, instance.group_id, with_for_update=True), policy)


def claim_epoch(group: Group) -> int:
    """Return a new epoch of the locked group for an operation; the one after it is for the operation's undoing."""
    epoch = group.last_epoch + 1
    group.last_epoch = epoch + 1
    return epoch


def of(instance: Instance) -> Group:
    """Return the instance's group. Raises StepRefused if it has none."""
    with transaction() as session:
        group = session.get(Group, instance.group_id) if instance.group_id else None
    if group is None:
        raise StepRefused(f"instance {instance.id} is in no group")
    return group


def credential(group: Group) -> Credential:
    """Return the password of the group's replication account."""
    return Credential(str(unseal(group.sealed)["secret"]))


def members(session: Session, group_ids: list[str]) -> list[Instance]:
    """Return the instances of the groups that are not deleted, the oldest first."""
    query = select(Instance).where(Instance.group_id.in_(group_ids), Instance.deleted_at.is_(None))
    return list(session.scalars(query.order_by(Instance.created, Instance.id)))


def by_id(session: Session, group_ids: list[str]) -> dict[str, Group]:
    """Return the groups by their ids."""
    return {group.id: group for group in session.scalars(select(Group).where(Group.id.in_(group_ids)))}


def member_ids(session: Session, group: Group) -> list[str]:
    """Return the ids of the group's members in their order, in which they are to be locked."""
    query = select(Instance.id).where(Instance.group_id == group.id, Instance.deleted_at.is_(None))
    return list(session.scalars(query.order_by(Instance.id)))


def replicates(session: Session, instance: Instance) -> bool:
    """Return whether the instance has a source or replicas."""
    if instance.group_id is None:
        return False
    query = select(Instance.id).where(
        Instance.group_id == instance.group_id, Instance.deleted_at.is_(None), Instance.id != instance.id
    )
    return session.scalar(query.limit(1)) is not None


def record_primary(group_id: str, instance_id: str, epoch: int) -> None:
    """Store which member is the primary of an epoch; a later epoch's stays."""
    with transaction() as session:
        group = session.get_one(Group, group_id, with_for_update=True)
        if group.epoch > epoch:
            return
        group.epoch, group.primary_id = epoch, instance_id
        group.lost = group.last_seen = group.alone_since = None
        for member in members(session, [group_id]):
            member.role = Role.PRIMARY if member.id == instance_id else Role.REPLICA


def leave(instance_id: str) -> None:
    """Take a replica out of its group."""
    with transaction() as session:
        instance = instances.lock(session, instance_id)
        instance.group_id = instance.role = instance.observation = instance.astray_since = None
