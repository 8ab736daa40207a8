"""How the members of groups are doing, by what the health probe found of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from datastores.protocol.replication import Follower, MemberRole, MemberState
from functions.state.groups.models import Role
from functions.state.instances.models import Instance
from functions.state.instances.observation import Observation


class State(StrEnum):
    """How a member does its part: the first two are of primaries, the next two of replicas."""

    SERVING = "serving"
    READ_ONLY = "read_only"
    FOLLOWING = "following"
    DISCONNECTED = "disconnected"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Standing:
    """How a member was doing when it was `observed`; what is None is not known, or is not told of its role.

    `lag_seconds` is how old what a replica shows is; once it does not follow, the time since its last contact.
    `lag_bytes` are those of its primary's log that it has not replayed; once it does not follow, those kept for it.
    """

    role: str
    state: State | None = None
    lag_seconds: float | None = None
    lag_bytes: int | None = None
    sync_state: str | None = None
    last_contact: datetime | None = None
    problem: str | None = None
    observed: datetime | None = None


def standing(member: Instance, primary: Instance | None) -> Standing:
    """Return how a member of a group is doing; `primary` is the group's."""
    seen = member.observation
    if seen is None:
        return Standing(str(member.role))
    if member.role == Role.PRIMARY:
        return Standing(member.role, _state_of_primary(seen.member), problem=seen.member.problem, observed=seen.at)
    return _replica(member, seen, primary)


def problem_of(member: MemberState, primary_id: str | None) -> str | None:
    """Return why a replica does not follow its primary, in words for the tenant; None: it does."""
    if not member.running:
        return "its database does not run"
    if member.role != MemberRole.REPLICA:
        return "it has not been told of its source yet"
    if member.following != primary_id:
        return "it follows nobody, or a former source"
    return None if member.connected else member.problem or "it is not connected to its source"


def _state_of_primary(member: MemberState) -> State:
    if not member.running:
        return State.STOPPED
    return State.SERVING if member.writable else State.READ_ONLY


def _replica(replica: Instance, seen: Observation, primary: Instance | None) -> Standing:
    problem = problem_of(seen.member, primary.id if primary else None)
    follower = _follower(replica, primary)
    stopped = State.DISCONNECTED if seen.member.running else State.STOPPED
    return Standing(
        role=str(replica.role),
        state=State.FOLLOWING if problem is None else stopped,
        lag_seconds=_lag_seconds(seen, follows=problem is None),
        lag_bytes=_lag_bytes(seen.member, follower, follows=problem is None),
        sync_state=("sync" if follower.synchronous else "async") if follower and follower.connected else None,
        last_contact=seen.last_contact,
        problem=problem or seen.member.problem,
        observed=seen.at,
    )


def _follower(replica: Instance, primary: Instance | None) -> Follower | None:
    """Return the replica as its primary saw it."""
    seen = primary.observation if primary else None
    return next((each for each in seen.member.followers if each.id == replica.id), None) if seen else None


def _lag_seconds(seen: Observation, *, follows: bool) -> float | None:
    if follows or seen.last_contact is None:
        return seen.member.lag_seconds
    return (seen.at - seen.last_contact).total_seconds()


def _lag_bytes(member: MemberState, follower: Follower | None, *, follows: bool) -> int | None:
    """Return what the replica has not received, as its primary says, and what it has received and not replayed."""
    if follower is None:
        return member.lag_bytes
    if not follows:
        return follower.retained_bytes
    known = [part for part in (follower.lag_bytes, member.lag_bytes) if part is not None]
    return sum(known) if known else None
