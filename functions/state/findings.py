"""What steps find out about the resources and keep in their rows."""

from pydantic import BaseModel

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


def record_backup_files(backup_id: str, location: str, checksum: str, size_bytes: int) -> None:
    """Keep the URL and etag of a backup's large object, and the bytes stored."""
    with transaction() as session:
        backup = session.get_one(Backup, backup_id, with_for_update=True)
        backup.location, backup.checksum, backup.size_bytes = location, checksum, size_bytes
