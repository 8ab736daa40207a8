"""The endpoints of a group, and where they are to lead."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel
from sqlalchemy import Select, select

from functions.base.clock import now
from functions.base.errors import StepRefused
from functions.base.settings import get_settings
from functions.state.database import transaction
from functions.state.endpoints.models import Endpoint
from functions.state.groups import groups
from functions.state.groups.models import Group
from functions.state.hosts.models import Address, Host
from functions.state.instances.models import Instance
from functions.state.instances.spec import InstanceSpec
from functions.state.operations.context import TaskContext

Kind = Literal["primary", "readers"]
KINDS: tuple[Kind, ...] = ("primary", "readers")
READERS = ("replica", "member")
"""Roles of the instances that the endpoint for readers leads to."""


class EndpointOutputs(BaseModel):
    """The outputs of an endpoint's stack."""

    addresses: list[Address]
    source_cidrs: list[str]
    held_by_host: bool


@dataclass(frozen=True)
class Aim:
    """What an endpoint is to be, by the rows of its group."""

    project_id: str
    spec: InstanceSpec
    """The spec of the primary, or of another member of a group without one."""
    targets: tuple[Host, ...]
    """The hosts that it must lead to: that of the primary, or those of the readers, which are the primary where there
    is no other."""


def ensure(group_id: str, kind: Kind, operation_id: str) -> Endpoint:
    """Return the group's endpoint of that kind; create the row, as made by the operation, if there is none."""
    with transaction() as session:
        session.get_one(Group, group_id, with_for_update=True)
        endpoint = session.scalar(_existing().where(Endpoint.group_id == group_id, Endpoint.kind == kind))
        if endpoint is None:
            endpoint = Endpoint(group_id=group_id, kind=kind, made_by=operation_id)
            session.add(endpoint)
        return endpoint


def of(instance: Instance) -> list[Endpoint]:
    """Return the endpoints of the instance's group, the primary's first; none if it is in no group."""
    return of_groups([instance.group_id])[instance.group_id] if instance.group_id else []


def of_groups(group_ids: Collection[str]) -> dict[str, list[Endpoint]]:
    """Return the endpoints of each of the groups, the primary's first."""
    found: dict[str, list[Endpoint]] = {group_id: [] for group_id in group_ids}
    if found:
        with transaction() as session:
            for endpoint in session.scalars(_existing().where(Endpoint.group_id.in_(group_ids))):
                found[endpoint.group_id].append(endpoint)
    return found


def held(context: TaskContext) -> list[Endpoint]:
    """Return the endpoints of the instance's group; none if the operation does not hold the group's primary.

    What holds the primary excludes others of its kind, so that no two operations lead an endpoint to different hosts.
    """
    found = of(context.instance)
    if not found:
        return []
    primary_id = groups.of(context.instance).primary_id
    is_held = primary_id is None or primary_id in {target.resource_id for target in context.operation.targets}
    return found if is_held else []


def aim(endpoint: Endpoint, context: TaskContext) -> Aim:
    """Return what the endpoint is to be now, without the instances that leave by the operation.

    Raises StepRefused if its group has no members.
    """
    with transaction() as session:
        group = session.get_one(Group, endpoint.group_id)
        members = groups.members(session, [group.id])
    if not members:
        raise StepRefused(f"group {group.id} has no members")
    staying = [member for member in members if member.id not in context.leaving]
    primary = next((member for member in staying if member.id == group.primary_id), None)
    readers = [member.host for member in staying if member.role in READERS and member.host is not None]
    own = (primary.host,) if primary is not None and primary.host is not None else ()
    targets = (tuple(readers) or own) if endpoint.kind == "readers" else own
    return Aim(group.project_id, _spec(primary or members[0], context), targets)


def _spec(member: Instance, context: TaskContext) -> InstanceSpec:
    """Return the spec of a member that the operation is to bring about."""
    return context.spec if member.id == context.instance.id else member.spec


def addresses(instance: Instance) -> list[Address]:
    """Return the addresses of the endpoints that lead to the instance, or may."""
    return [address for endpoint in of(instance) for address in endpoint.addresses]


def held_by_host(instance: Instance) -> list[str]:
    """Return the private addresses of endpoints that the instance's host may have to hold itself."""
    held = [endpoint.addresses for endpoint in of(instance) if endpoint.held_by_host]
    return [address.address for addresses in held for address in addresses if address.type == "private"]


def admitted(instance: Instance, spec: InstanceSpec) -> list[str]:
    """Return the networks that the instance's host must admit: those of the spec, and those that connections through
    endpoints come from. None: every network."""
    allowed = spec.access.allowed_cidrs or []
    through = [cidr for endpoint in of(instance) for cidr in endpoint.source_cidrs] if allowed else []
    return list(dict.fromkeys([*allowed, *through]))


def record(endpoint_id: str, outputs: EndpointOutputs, targets: Iterable[Host]) -> None:
    """Store the endpoint's addresses and the hosts that it leads to."""
    with transaction() as session:
        endpoint = session.get_one(Endpoint, endpoint_id, with_for_update=True)
        host_ids = [host.id for host in targets]
        if endpoint.target_host_ids != host_ids:
            endpoint.generation += 1
        endpoint.target_host_ids = host_ids
        endpoint.addresses = outputs.addresses
        endpoint.source_cidrs = outputs.source_cidrs
        endpoint.held_by_host = outputs.held_by_host


def remove(endpoint_id: str) -> None:
    """Mark the endpoint, whose stack is gone, as deleted. It leads nowhere and has no address."""
    with transaction() as session:
        endpoint = session.get_one(Endpoint, endpoint_id, with_for_update=True)
        endpoint.deleted_at = endpoint.deleted_at or now()
        endpoint.target_host_ids, endpoint.addresses, endpoint.source_cidrs = [], [], []


def ended(endpoint_ids: Iterable[str]) -> list[str]:
    """Return those of the endpoints that must have no stack: deleted, but not only just."""
    quiet = now() - timedelta(seconds=get_settings().reconcile_quiet_seconds)
    query = select(Endpoint.id).where(Endpoint.id.in_(list(endpoint_ids)), Endpoint.deleted_at < quiet)
    with transaction() as session:
        return list(session.scalars(query))


def _existing() -> Select[Endpoint]:
    return select(Endpoint).where(Endpoint.deleted_at.is_(None)).order_by(Endpoint.kind)
