"""What steps find out about the resources and keep in their rows."""

from datetime import datetime

from pydantic import BaseModel

from datastores.protocol.engine import EngineReport
from functions.runtime.clock import now
from functions.state.database import transaction
from functions.state.models import Backup, Instance


class Address(BaseModel):
    """An address at which tenants reach the database."""

    address: str
    type: str
    network: str | None = None


class HostOutputs(BaseModel):
    """The outputs of an instance's stack."""

    management_address: str
    management_port: int
    username: str
    addresses: list[Address]


def record_host(instance_id: str, outputs: HostOutputs) -> None:
    """Keep the host's addresses in the instance's row."""
    with transaction() as session:
        instance = session.get_one(Instance, instance_id, with_for_update=True)
        instance.management_address = outputs.management_address
        instance.management_port = outputs.management_port
        instance.management_username = outputs.username
        instance.addresses = [address.model_dump(exclude_none=True) for address in outputs.addresses]


class BackupFiles(BaseModel):
    """What a backup is in Swift: URL and etag of its large object, bytes stored, the backup it builds on."""

    location: str
    checksum: str
    size_bytes: int
    parent_id: str | None


def record_engine_report(instance_id: str, report: EngineReport) -> None:
    """Keep what a job found out about the engine."""
    with transaction() as session:
        keep_engine_report(session.get_one(Instance, instance_id, with_for_update=True), report)


def keep_engine_report(instance: Instance, report: EngineReport) -> None:
    """Keep what a host says of its engine in the instance's row; what it leaves out is as it was."""
    if report.restart_required is not None:
        instance.restart_required = report.restart_required
    if report.tls is not None:
        expires = report.certificate_expires
        instance.certificate_expires = datetime.fromisoformat(expires) if report.tls and expires else None


def record_version(instance_id: str, version_id: str) -> None:
    """Keep that the instance's data is of a datastore version from now on."""
    with transaction() as session:
        session.get_one(Instance, instance_id, with_for_update=True).datastore_version_id = version_id


def record_backup_files(backup_id: str, files: BackupFiles) -> None:
    """Keep what became of a backup; one that was to be incremental may have become a full one."""
    with transaction() as session:
        backup = session.get_one(Backup, backup_id, with_for_update=True)
        backup.location, backup.checksum = files.location, files.checksum
        backup.size_bytes, backup.parent_id = files.size_bytes, files.parent_id


def record_backup_gone(backup_id: str) -> None:
    """Note that nothing is left of a backup that went with the one it builds on."""
    with transaction() as session:
        backup = session.get_one(Backup, backup_id, with_for_update=True)
        backup.deleted_at = backup.deleted_at or now()
