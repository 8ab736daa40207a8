"""Another mode of TLS, with a tenant's certificate or the service's own; in force at once where the engine can. That
of a primary is its replicas', too: it is in force on all members or on none. A replica alone can only go back.

Undone: the mode and certificate before.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy.orm import Session

from datastores.protocol.tls import TlsMode
from functions.base.errors import BadRequest
from functions.base.statuses import InstanceStatus
from functions.framework.operation import On, OperationKind
from functions.operations.parts import plans
from functions.state.database import transaction
from functions.state.groups import groups
from functions.state.groups.models import Role
from functions.state.instances.models import Instance
from functions.state.instances.spec import InstanceSpec, TlsChoice
from functions.state.operations.acceptance import Caller, Held, Order, accept, lock_instance, require
from functions.state.operations.models import Operation
from functions.state.tls import tls_certificates
from functions.state.tls.tls_certificates import NewCertificate

BUILTIN = TlsChoice()


@dataclass(frozen=True)
class Request:
    """The request for another mode of TLS. A certificate is stored with its key sealed, not here."""

    action: Literal["enable", "disable", "rollback"]
    mode: TlsMode


OPERATION = OperationKind(
    module=__name__,
    request=Request,
    plan=tuple(
        plans.on(On.EACH_MEMBER, task) for task in plans.job("change_tls", 60, *plans.job_undone("change_tls", 60))
    ),
    limit=timedelta(minutes=10),
    quick=True,
)


def accept_enable(instance_id: str, mode: TlsMode, certificate: NewCertificate, caller: Caller) -> Operation:
    """Accept a mode with a certificate. Raises NotFound, Busy; BadRequest: the instance is a replica."""
    with transaction() as session:
        members = _lock_no_replica(session, instance_id, caller)
        row = tls_certificates.keep(session, instance_id, certificate)
        wanted = TlsChoice(mode=mode, certificate_id=row.id)
        return _accept(session, caller, Request("enable", mode), wanted, members)


def accept_disable(instance_id: str, caller: Caller) -> Operation | None:
    """Accept the service's own certificate; return None if the instance has it. Raises as `accept_enable`."""
    with transaction() as session:
        members = _lock_no_replica(session, instance_id, caller)
        if members[0].tls is None:
            return None
        return _accept(session, caller, Request("disable", BUILTIN.mode), BUILTIN, members)


def accept_rollback(instance_id: str, caller: Caller) -> Operation:
    """Accept the mode and certificate before the last change. Raises NotFound, Busy; BadRequest: there are none."""
    with transaction() as session:
        members = _lock(session, instance_id, caller)
        wanted = members[0].tls_before
        if wanted is None:
            raise BadRequest(f"Instance {instance_id} has no earlier TLS configuration to go back to.")
        return _accept(session, caller, Request("rollback", wanted.mode), wanted, members)


def require_idle(instance_id: str, caller: Caller) -> None:
    """Raise NotFound or Busy if a change could not be accepted now."""
    with transaction() as session:
        _lock(session, instance_id, caller)


def _lock(session: Session, instance_id: str, caller: Caller) -> list[Instance]:
    """Lock the instance and, if it is a primary, its replicas; return it, then those. Raises NotFound, Busy."""
    group = groups.lock_of(session, instance_id)
    leads = group is not None and group.primary_id == instance_id
    ids = groups.member_ids(session, group) if group is not None and leads else [instance_id]
    held = [lock_instance(session, caller.project_id, each, OPERATION.lock) for each in ids]
    for member in held:
        groups.require_unchanged(member, group)
        require(member, InstanceStatus.ACTIVE)
    return sorted(held, key=lambda member: member.id != instance_id)


def _lock_no_replica(session: Session, instance_id: str, caller: Caller) -> list[Instance]:
    members = _lock(session, instance_id, caller)
    if members[0].role == Role.REPLICA:
        raise BadRequest(f"Instance {instance_id} is a replica: change TLS on its primary.")
    return members


def _accept(
    session: Session, caller: Caller, request: Request, wanted: TlsChoice, members: list[Instance]
) -> Operation:
    also = [Held(each, spec=_spec(session, each, wanted)) for each in members[1:]]
    spec = _spec(session, members[0], wanted)
    return accept(session, caller, Order(OPERATION, request), members[0], spec=spec, also=also)


def _spec(session: Session, instance: Instance, wanted: TlsChoice) -> InstanceSpec:
    """Return the spec with a choice, and delete the certificates that neither it nor the undoing can need any more."""
    current, before = instance.tls or BUILTIN, instance.tls_before
    own = tls_certificates.own(session, instance.id, wanted)
    tls_certificates.forget_all_but(session, instance.id, (own, current, before))
    return instance.spec.but(tls=None if own == BUILTIN else own, tls_before=current)
