"""Certificates of databases that expire soon, and their renewal."""

from datetime import datetime

from sqlalchemy import select

from datastores.protocol.engine import EngineReport
from functions.base.statuses import HostPhase
from functions.state.database import transaction
from functions.state.hosts import hosts
from functions.state.hosts.models import Host
from functions.state.instances import instances
from functions.state.instances.health import idle
from functions.state.instances.models import Instance


def ending(before: datetime) -> list[Instance]:
    """Return the idle ACTIVE instances of all projects whose database's own certificate expires before then: one that
    the tenant brought is the tenant's to renew."""
    with transaction() as session:
        return list(
            session.scalars(
                select(Instance)
                .join(Host)
                .where(idle(), Host.phase == HostPhase.SERVING, Host.certificate_expires < before)
                .where(Instance.tls.is_(None))
            )
        )


def record(seen: Host, report: EngineReport) -> None:
    """Store what a renewal reported, unless an operation was accepted since the host was `seen`."""
    with transaction() as session:
        instances.lock(session, seen.instance_id)
        host = session.get_one(Host, seen.id, with_for_update=True)
        if host.fence == seen.fence:
            hosts.keep_report(host, report)
