"""Reads what the views of instances need beside the instances' rows."""

from collections.abc import Sequence

from functions.base.settings import require
from functions.entrypoint.api_request import AnyRequest
from functions.entrypoint.views.connections import GroupAddresses
from functions.entrypoint.views.instances import Replication, ViewContext
from functions.hostlink import tls_ca
from functions.state.configurations import configurations
from functions.state.database import transaction
from functions.state.endpoints import endpoints
from functions.state.groups import groups, standing
from functions.state.groups.models import Group, Role
from functions.state.instances.models import Instance
from functions.state.tls import tls_certificates


def view_context_of(request: AnyRequest, shown: Sequence[Instance], *, is_admin: bool = False) -> ViewContext:
    """Return the context in which these instances are shown; `is_admin`: as to an administrator, whoever asks."""
    has_tls = any(instance.host is not None and instance.host.certificate_expires for instance in shown)
    members = _members(shown)
    return ViewContext(
        request.project_url,
        is_admin or request.identity.is_admin,
        request.minor,
        configurations.names_of(shown),
        _replication(members),
        _groups(members),
        tls_ca.roots(require("tls_ca_certificate")) if has_tls else "",
        tls_certificates.authorities_of(shown),
    )


def _members(shown: Sequence[Instance]) -> list[Instance]:
    """Return all members of the groups that the instances are in."""
    group_ids = list({instance.group_id for instance in shown if instance.group_id is not None})
    if not group_ids:
        return []
    with transaction() as session:
        return groups.members(session, group_ids)


def _replication(members: Sequence[Instance]) -> dict[str, Replication]:
    """Return the sources and replicas of the instances that have any."""
    group_ids = list({member.group_id for member in members if member.group_id is not None})
    if not group_ids:
        return {}
    with transaction() as session:
        found = groups.by_id(session, group_ids)
    primaries = {member.group_id: member for member in members if member.role == Role.PRIMARY}
    return {
        member.id: _place(member, primaries.get(member.group_id), members, found[str(member.group_id)])
        for member in members
    }


def _place(member: Instance, primary: Instance | None, members: Sequence[Instance], group: Group) -> Replication:
    """Return a member's source, or its replicas, how they are doing, and what their group's policy guarantees."""
    replicas = [each for each in members if each.group_id == member.group_id and each.role == Role.REPLICA]
    alone = group.alone_since is not None
    failover = vars(group.policy) | {"guarantee": group.policy.guarantee(len(replicas), alone=alone)}
    failover["alone_since"] = group.alone_since and group.alone_since.strftime("%Y-%m-%dT%H:%M:%S")
    own = standing.standing(member, primary)
    if member.role != Role.PRIMARY:
        return Replication(own, failover, replica_of=primary.id if primary else None)
    return Replication(own, failover, replicas={each.id: standing.standing(each, member) for each in replicas})


def _groups(members: Sequence[Instance]) -> dict[str, GroupAddresses]:
    """Return where each of the members' groups is reached."""
    endpoints_of, found = endpoints.of_groups({member.group_id or "" for member in members}), {}
    for group_id, of_group in endpoints_of.items():
        serving = [each for each in members if each.group_id == group_id and each.host and each.host.addresses]
        primary_first = sorted(serving, key=lambda member: member.role != Role.PRIMARY)
        addresses = tuple(each.host.addresses[0].address for each in primary_first if each.host)
        found[group_id] = GroupAddresses(tuple(each for each in of_group if not each.held_by_host), addresses)
    return found
