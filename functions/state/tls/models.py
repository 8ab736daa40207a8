"""Certificates of tenants."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from functions.base.clock import now
from functions.base.ids import new_id
from functions.state.tables import ID, Base


class TlsCertificate(Base):
    """A certificate that a tenant brought for an instance, as long as the instance has it or can go back to it."""

    __tablename__ = "tls_certificates"
    __table_args__ = (Index("ix_tls_certificates_instance", "instance_id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    instance_id: Mapped[str] = mapped_column(ForeignKey("instances.id"))
    container_ref: Mapped[str] = mapped_column(String(255))
    """The Barbican secret that it was read from, as the tenant named it."""
    cn: Mapped[str] = mapped_column(String(255))
    """The common name of its subject, empty if it has none."""
    san: Mapped[list[str]] = mapped_column(default=list)
    """Its alternative names."""
    expires: Mapped[datetime]
    certificate: Mapped[str] = mapped_column(Text)
    """The certificate, then those between it and the root (PEM)."""
    authority: Mapped[str] = mapped_column(Text)
    """What clients trust: the roots of its chain, else its topmost certificate (PEM)."""
    client_authority: Mapped[str] = mapped_column(Text)
    """The authorities of its chain, whose clients the mode mtls admits (PEM); empty if it has no root."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The private key, sealed."""
    created: Mapped[datetime] = mapped_column(default=now)
