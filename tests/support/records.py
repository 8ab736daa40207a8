"""Rows without hosts behind them: many instances and backups, or one in a certain status, at no cost."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import delete

from datastores.catalog import catalog
from functions.base.clock import now
from functions.base.statuses import BackupStatus, HostPhase, InstanceStatus
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.hosts.models import Host
from functions.state.instances.models import Instance


@contextmanager
def recorded(project_id: str, count: int, status: InstanceStatus = InstanceStatus.ACTIVE) -> Iterator[list[str]]:
    """Ids of instances of a project, each with a COMPLETED backup of the same id, and each older than the one before.

    Needs the fixture `product_environment`.
    """
    ids = sorted(str(uuid.uuid4()) for _ in range(count))
    version_id = catalog().version("postgresql", None).id
    with transaction() as session:
        for age, identifier in enumerate(ids):
            created = now() - timedelta(minutes=age)
            common = {"id": identifier, "project_id": project_id, "name": f"recorded-{age}", "created": created}
            common |= {"datastore_version_id": version_id, "volume_size": 1}
            size = {"flavor_id": "1", "flavor_name": "small", "memory_mb": 512, "cpus": 1}
            session.add(Instance(**common, **size, region="RegionOne", status=status))
            session.flush()
            session.add(Host(instance_id=identifier, phase=HostPhase.SERVING))
            session.add(Backup(**common, instance_id=identifier, status=BackupStatus.COMPLETED))
    try:
        yield ids
    finally:
        with transaction() as session:
            session.execute(delete(Host).where(Host.instance_id.in_(ids)))
            for kind in (Backup, Instance):
                for identifier in ids:
                    session.delete(session.get_one(kind, identifier))
                session.flush()
