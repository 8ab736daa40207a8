"""From a create request to what the state accepts: the rules that the specification's schema cannot tell.

rule                                                                        otherwise
replica_of, configuration, modules, locality are left out                   501
region_name is the service's own                                            400
a nic names a network or a subnet, and an address only with a subnet        400
flavorRef and volume are there; the flavor exists                           400
the volume is not larger than max_volume_size                               413
the datastore exists / its version exists, is active and is the only one    404 / 400
databases and users fit the datastore's rules for names, each given once    400
a user's databases are among the databases                                  400
the backup to restore exists / is COMPLETED                                 404 / 409
the backup is of the datastore version asked for                            400
the volume is not smaller than the one that was backed up                   403
"""

import ipaddress
from typing import Any

from functions.cloud import flavors
from functions.cloud.flavors import Flavor
from functions.entrypoint.catalog import Offer, choose_offer, offer_of
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import NewAccess, NewInstanceItem, Nic
from functions.entrypoint.resources.accounts import new_databases, new_users
from functions.runtime.errors import BadRequest, Conflict, Forbidden, NotFound, NotSupported, QuotaExceeded
from functions.runtime.settings import get_settings
from functions.state import backups
from functions.state.instances import NewInstance
from functions.state.models import Backup, BackupStatus


def new_instance(asked: NewInstanceItem, project_id: str) -> NewInstance:
    """The request, checked by every rule above.

    Raises:
        BadRequest, Conflict, Forbidden, NotFound, NotSupported, QuotaExceeded: a rule is broken.
    """
    _refuse_unsupported(asked)
    _check_placement(asked)
    flavor = _flavor(asked.flavor if asked.flavor_ref is None else asked.flavor_ref)
    volume_size = _volume_size(asked)
    backup = _restore_point(asked, project_id)
    offer = _offer(asked, backup)
    if backup is not None:
        _check_fit(backup, offer, volume_size)
    databases = new_databases(asked.databases or [], offer.datastore)
    return NewInstance(
        name=asked.name,
        datastore_version_id=offer.version.id,
        flavor_id=flavor.id,
        memory_mb=flavor.ram,
        cpus=flavor.vcpus,
        volume_size=volume_size,
        access=_access(asked.access),
        databases=databases,
        users=new_users(asked.users or [], databases, offer.datastore),
        backup_id=backup.id if backup else None,
    )


def _refuse_unsupported(asked: NewInstanceItem) -> None:
    if asked.replica_of or asked.replica_count:
        raise NotSupported("Replication is not supported yet: leave out replica_of and replica_count.")
    if asked.configuration:
        raise NotSupported("Configuration groups are not supported yet: leave out configuration.")
    if asked.modules:
        raise NotSupported("Modules are not supported: leave out modules.")
    if asked.locality:
        raise NotSupported("Locality goes with replication, which is not supported yet: leave out locality.")


def _check_placement(asked: NewInstanceItem) -> None:
    region = get_settings().os_region_name
    if asked.region_name and asked.region_name != region:
        raise BadRequest(f"Validation error: instance['region_name'] is not '{region}', the region of this service")
    for nic in asked.nics or []:
        _check_nic(nic)


def _check_nic(nic: Nic) -> None:
    if not (nic.net_id or nic.network_id or nic.subnet_id):
        raise BadRequest("Validation error: instance['nics'][0] needs 'network_id' or 'subnet_id'")
    if nic.ip_address and not nic.subnet_id:
        raise BadRequest("Validation error: instance['nics'][0] 'ip_address' needs 'subnet_id'")


def _flavor(reference: int | str | None) -> Flavor:
    if reference is None:
        raise BadRequest("Validation error: instance 'flavorRef' is a required property")
    flavor_id = str(reference).rstrip("/").rpartition("/")[2]
    try:
        return flavors.get(flavor_id)
    except NotFound as error:
        raise BadRequest(error.message) from None


def _volume_size(asked: NewInstanceItem) -> int:
    if asked.volume is None:
        raise BadRequest("Validation error: instance 'volume' is a required property")
    size, largest = int(asked.volume.size), get_settings().max_volume_size
    if size > largest:
        raise QuotaExceeded(f"Volume 'size' cannot exceed maximum of {largest} GB, {size} cannot be accepted.")
    return size


def _restore_point(asked: NewInstanceItem, project_id: str) -> Backup | None:
    if asked.restore_point is None:
        return None
    backup = backups.get(project_id, require_id("Backup", asked.restore_point.backup_ref))
    if backup.status != BackupStatus.COMPLETED:
        raise Conflict(f"Backup {backup.id} cannot be restored: its status is {backup.status}.")
    return backup


def _offer(asked: NewInstanceItem, backup: Backup | None) -> Offer:
    """The version asked for; a restore that asks for none takes the backup's."""
    datastore = asked.datastore
    if backup is not None and not (datastore and (datastore.type or datastore.version)):
        return offer_of(backup.datastore_version_id)
    if datastore is None:
        return choose_offer(None, None, None)
    return choose_offer(datastore.type, datastore.version, datastore.version_number)


def _check_fit(backup: Backup, offer: Offer, volume_size: int) -> None:
    if backup.datastore_version_id != offer.version.id:
        source = offer_of(backup.datastore_version_id)
        raise BadRequest(
            f"Backup {backup.id} is of {source.datastore.name} {source.version.name} and cannot be restored into "
            f"{offer.datastore.name} {offer.version.name}."
        )
    if volume_size < backup.volume_size:
        raise Forbidden(
            f"Backup {backup.id} is too large for a volume of {volume_size} GB: ask for {backup.volume_size} GB."
        )


def _access(asked: NewAccess | None) -> dict[str, Any]:
    access: dict[str, Any] = {"is_public": bool(asked and asked.is_public)}
    if asked and asked.allowed_cidrs:
        access["allowed_cidrs"] = [_cidr(text) for text in asked.allowed_cidrs]
    return access


def _cidr(text: str) -> str:
    try:
        return str(ipaddress.IPv4Network(text, strict=False))
    except ValueError as error:
        raise BadRequest(f"Validation error: instance['access']['allowed_cidrs'] {error}") from None
