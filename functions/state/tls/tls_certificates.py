"""The certificates that tenants brought, with their keys sealed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from datastores.protocol.engine import Certificate
from datastores.protocol.tls import TlsMode
from functions.base.errors import StepFailed
from functions.base.ids import new_id
from functions.base.seal import seal, unseal
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.instances.spec import TlsChoice
from functions.state.tls.models import TlsCertificate

_KEY = "private_key"
_COPIED = (
    "container_ref", "cn", "san", "expires", "certificate", "authority", "client_authority", "sealed"
)  # fmt: skip


@dataclass(frozen=True)
class NewCertificate:
    """A checked certificate of a tenant; the fields are those of `TlsCertificate`."""

    container_ref: str
    cn: str
    san: list[str]
    expires: datetime
    certificate: str
    authority: str
    client_authority: str
    private_key: str = field(repr=False)


def keep(session: Session, instance_id: str, new: NewCertificate) -> TlsCertificate:
    """Store a certificate of a locked instance, and return its row."""
    values = {name: value for name, value in vars(new).items() if name != _KEY}
    row = TlsCertificate(id=new_id(), instance_id=instance_id, sealed=seal({_KEY: new.private_key}), **values)
    session.add(row)
    session.flush()
    return row


def own(session: Session, instance_id: str, choice: TlsChoice) -> TlsChoice:
    """Return a choice with a certificate of the instance's own: a copy of one that is another member's."""
    row = session.get(TlsCertificate, choice.certificate_id) if choice.certificate_id else None
    if row is None or row.instance_id == instance_id:
        return choice
    values = {name: getattr(row, name) for name in _COPIED}
    copy = TlsCertificate(id=new_id(), instance_id=instance_id, **values)
    session.add(copy)
    session.flush()
    return choice.model_copy(update={"certificate_id": copy.id})


def find(choice: TlsChoice | None) -> TlsCertificate | None:
    """Return the tenant's certificate of a choice, None if it has none."""
    if choice is None or choice.certificate_id is None:
        return None
    with transaction() as session:
        return session.get(TlsCertificate, choice.certificate_id)


def of_choice(choice: TlsChoice) -> Certificate:
    """Return the certificate of a choice with its key, for a host. Raises StepFailed if it is gone."""
    row = find(choice)
    if row is None:
        raise StepFailed(f"certificate {choice.certificate_id} is gone: enable TLS with a certificate again")
    return Certificate(
        row.certificate,
        str(unseal(row.sealed)[_KEY]),
        row.authority,
        row.expires.isoformat(),
        choice.mode,
        row.client_authority if choice.mode == TlsMode.MTLS else "",
    )


def authorities_of(shown: Sequence[Instance]) -> dict[str, str]:
    """Return by instance what its clients trust, for those instances that have a tenant's certificate."""
    wanted = {instance.tls.certificate_id: instance.id for instance in shown if instance.tls}
    if not wanted:
        return {}
    query = select(TlsCertificate.id, TlsCertificate.authority).where(TlsCertificate.id.in_(wanted))
    with transaction() as session:
        return {wanted[row.id]: row.authority for row in session.execute(query)}


def forget_all_but(session: Session, instance_id: str, kept: Sequence[TlsChoice | None]) -> None:
    """Delete the certificates of a locked instance that none of these choices has."""
    ids = [choice.certificate_id for choice in kept if choice and choice.certificate_id]
    session.execute(
        delete(TlsCertificate).where(TlsCertificate.instance_id == instance_id, TlsCertificate.id.not_in(ids))
    )
