"""Which member of a group does what any of them can do."""

from enum import StrEnum

from functions.base.errors import BadRequest
from functions.base.statuses import InstanceStatus
from functions.state.database import transaction
from functions.state.groups import groups, standing
from functions.state.groups.models import Role
from functions.state.groups.standing import State
from functions.state.instances.models import Instance


class Choice(StrEnum):
    """A replica that follows; the primary; or a replica if one follows, else the primary."""

    REPLICA = "replica"
    PRIMARY = "primary"
    ANY = "any"


def member(instance: Instance, choice: Choice) -> Instance:
    """Return a member of the instance's group; an instance of no group is a primary.

    Raises BadRequest if a replica is wanted and none that is ACTIVE follows.
    """
    if instance.group_id is None:
        members = [instance]
    else:
        with transaction() as session:
            members = groups.members(session, [instance.group_id])
    primary = next((each for each in members if each.role == Role.PRIMARY), instance)
    replica = None if choice == Choice.PRIMARY else _least_behind(members, primary)
    if choice == Choice.REPLICA and replica is None:
        raise BadRequest(f"Instance {primary.id} has no ACTIVE replica that follows it now.")
    return replica or primary


def _least_behind(members: list[Instance], primary: Instance) -> Instance | None:
    found = []
    for each in members:
        seen = standing.standing(each, primary)
        if each.status == InstanceStatus.ACTIVE and seen.state == State.FOLLOWING:
            found.append((seen.lag_bytes or 0, each.id, each))
    return min(found)[2] if found else None
