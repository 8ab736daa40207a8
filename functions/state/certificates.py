"""The databases whose certificates end soon."""

from datetime import datetime

from sqlalchemy import select

from datastores.protocol.engine import EngineReport
from functions.state.database import transaction
from functions.state.findings import keep_engine_report
from functions.state.health import idle
from functions.state.models import Instance


def ending(before: datetime) -> list[Instance]:
    """The idle ACTIVE instances, of every project, whose database's certificate ends before then."""
    with transaction() as session:
        return list(session.scalars(select(Instance).where(idle(), Instance.certificate_expires < before)))


def record(seen: Instance, report: EngineReport) -> None:
    """Keep what a renewal found, unless an operation was accepted since the instance was `seen`: it knows better."""
    with transaction() as session:
        instance = session.get_one(Instance, seen.id, with_for_update=True)
        if instance.fence == seen.fence:
            keep_engine_report(instance, report)
