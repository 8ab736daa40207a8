"""The watch over groups that need it by their policy: one run at a time has a group, for as long as it renews that."""

from datetime import datetime, timedelta

from sqlalchemy import select

from datastores.protocol.replication import MemberPosition
from functions.base.clock import now
from functions.base.settings import get_settings
from functions.state.database import transaction
from functions.state.groups.models import Group


def is_needed() -> bool:
    """Return whether there is a group to watch."""
    with transaction() as session:
        query = select(Group.id).where(Group.watched_until.is_not(None), Group.deleted_at.is_(None))
        return session.scalar(query.limit(1)) is not None


def claim(limit: int) -> list[str]:
    """Claim up to `limit` groups that no run has, and return their ids; other runs skip them."""
    due = select(Group).where(Group.watched_until <= now(), Group.deleted_at.is_(None), Group.lost.is_(None))
    with transaction() as session:
        found = list(session.scalars(due.order_by(Group.watched_until).limit(limit).with_for_update(skip_locked=True)))
        for group in found:
            group.watched_until = _later()
        return [group.id for group in found]


def renew(group_id: str, seen: MemberPosition | None) -> Group | None:
    """Keep a claimed group, and how far its primary was `seen`; None if it is not to be watched any more."""
    with transaction() as session:
        group = session.get_one(Group, group_id, with_for_update=True)
        if group.watched_until is None or group.deleted_at is not None or group.lost is not None:
            return None
        group.watched_until = _later()
        group.last_seen = seen or group.last_seen
        return group


def release(group_id: str) -> None:
    """Leave a claimed group to other runs."""
    with transaction() as session:
        group = session.get_one(Group, group_id, with_for_update=True)
        if group.watched_until is not None:
            group.watched_until = now()


def record_loss(group: Group) -> bool:
    """Store that the primary of the group's epoch is lost; return False if the group has another epoch by now."""
    with transaction() as session:
        locked = session.get_one(Group, group.id, with_for_update=True)
        if locked.epoch != group.epoch:
            return False
        locked.lost = locked.lost or now()
        return True


def record_alone(group: Group) -> bool:
    """Store that the primary of the group's epoch goes on without its replicas; return False if the epoch is over."""
    with transaction() as session:
        locked = session.get_one(Group, group.id, with_for_update=True)
        if locked.epoch == group.epoch:
            locked.alone_since = locked.alone_since or now()
        return locked.epoch == group.epoch


def record_together(group: Group) -> None:
    """Store that enough replicas have all that the primary of the group's epoch has written."""
    with transaction() as session:
        locked = session.get_one(Group, group.id, with_for_update=True)
        if locked.epoch == group.epoch:
            locked.alone_since = None
            locked.watched_until = locked.watched_until if locked.policy.is_watched else None


def lost() -> list[Group]:
    """Return the groups whose primary is lost."""
    with transaction() as session:
        return list(session.scalars(select(Group).where(Group.lost.is_not(None), Group.deleted_at.is_(None))))


def look_again(group_id: str) -> None:
    """Have the watch look at the group again: its failover has begun, or could not."""
    with transaction() as session:
        session.get_one(Group, group_id, with_for_update=True).lost = None


def _later() -> datetime:
    return now() + timedelta(seconds=get_settings().watch_claim_seconds)
