"""The hosts of an instance."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from datastores.protocol.engine import EngineReport
from functions.base.statuses import HostPhase
from functions.state.database import transaction
from functions.state.hosts.models import Address, Host
from functions.state.instances.models import Instance


class HostOutputs(BaseModel):
    """The outputs of an instance's stack."""

    management_address: str
    management_port: int
    username: str
    addresses: list[Address]


def current(session: Session, instance: Instance) -> Host | None:
    """Return the host that serves the locked instance, or else the one that is prepared for it."""
    if instance.host is not None:
        return instance.host
    return session.scalar(
        select(Host).where(Host.instance_id == instance.id, Host.phase == HostPhase.PREPARING).limit(1)
    )


def next_fence(session: Session, instance: Instance) -> int:
    """Return the fence of one more operation on the locked instance's host; 0 if there is no host."""
    host = current(session, instance)
    if host is None:
        return 0
    host.fence += 1
    return host.fence


def move(session: Session, instance: Instance, phase: HostPhase) -> None:
    """Move the instance's host to another phase, and mark it as being of the instance's generation."""
    host = current(session, instance)
    if host is not None:
        host.phase = phase
        host.generation = instance.generation


def record_outputs(host_id: str, outputs: HostOutputs) -> None:
    """Store the addresses of the host."""
    with transaction() as session:
        host = session.get_one(Host, host_id, with_for_update=True)
        host.management_address = outputs.management_address
        host.management_port = outputs.management_port
        host.management_username = outputs.username
        host.addresses = outputs.addresses


def record_isolation(host_id: str, *, isolated: bool) -> None:
    """Store whether the substrate cuts the host off, or may have begun to."""
    with transaction() as session:
        session.get_one(Host, host_id, with_for_update=True).isolated = isolated


def record_report(host_id: str, report: EngineReport) -> None:
    """Store what a job reported about the engine. A host that was being prepared serves from then on."""
    with transaction() as session:
        host = session.get_one(Host, host_id, with_for_update=True)
        keep_report(host, report)
        if host.phase == HostPhase.PREPARING:
            host.phase = HostPhase.SERVING


def keep_report(host: Host, report: EngineReport) -> None:
    """Copy a host's report about its engine to the row; a field that is None changes nothing."""
    if report.restart_required is not None:
        host.restart_required = report.restart_required
    if report.tls is not None:
        expires = report.certificate_expires
        host.certificate_expires = datetime.fromisoformat(expires) if report.tls and expires else None
