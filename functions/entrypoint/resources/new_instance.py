"""From a create request to what the state accepts: the rules that the specification's schema cannot tell.

rule                                                                        otherwise
replica_of, modules, locality are left out                                   501
region_name is the service's own                                            400
a nic names a network or a subnet, and an address only with a subnet        400
flavorRef is there; the flavor exists                                       400
the volume is there if the datastore has one, else it is left out           400
the volume is not larger than max_volume_size                               413
the datastore exists / its version exists, is active and is the only one    404 / 400
the datastore has databases and users, if some are asked for                501
databases and users fit the datastore's rules for names, each given once    400
a user's databases are among the databases                                  400
the backup to restore exists / is COMPLETED                                 404 / 409
the configuration group exists / is of the datastore version asked for      404 / 400
the backup is of the datastore version asked for                            400
the volume is not smaller than the one that was backed up                   403
"""

import ipaddress
from typing import Any

from functions.cloud import flavors
from functions.cloud.flavors import Flavor
from functions.entrypoint.catalog import Assortment, Offer, choose_offer, offer_of, require_capability
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import NewAccess, NewInstanceItem, Nic
from functions.entrypoint.resources.accounts import new_databases, new_users
from functions.entrypoint.resources.instance_configuration import configuration_id
from functions.entrypoint.resources.parameters import require_groups
from functions.runtime.errors import BadRequest, Forbidden, NotFound, NotSupported, QuotaExceeded
from functions.runtime.settings import get_settings
from functions.state import backups
from functions.state.instances import NewInstance, require_restorable
from functions.state.models import Backup


def new_instance(asked: NewInstanceItem, project_id: str, now: Assortment) -> NewInstance:
    """The request, checked by every rule above.

    Raises:
        BadRequest, Conflict, Forbidden, NotFound, NotSupported, QuotaExceeded: a rule is broken.
    """
    _refuse_unsupported(asked)
    _check_placement(asked)
    flavor = flavor_of(asked.flavor if asked.flavor_ref is None else asked.flavor_ref)
    backup = _restore_point(asked, project_id)
    offer = _offer(asked, backup, now)
    volume_size = _volume_size(asked, offer)
    if backup is not None:
        _check_fit(backup, offer, volume_size)
    _require_capabilities(asked, offer)
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
        users=new_users(asked.users or [], {database.name for database in databases}, offer.datastore),
        configuration_id=_configuration_id(asked, offer),
        backup_id=backup.id if backup else None,
        deletion_protection=bool(asked.deletion_protection),
        tags=list(dict.fromkeys(asked.tags or [])),
    )


def _require_capabilities(asked: NewInstanceItem, offer: Offer) -> None:
    if asked.databases:
        require_capability(offer, "databases")
    if asked.users:
        require_capability(offer, "users")


def _configuration_id(asked: NewInstanceItem, offer: Offer) -> str | None:
    if not asked.configuration:
        return None
    require_groups(offer)
    return configuration_id(asked.configuration)


def _refuse_unsupported(asked: NewInstanceItem) -> None:
    if asked.replica_of or asked.replica_count:
        raise NotSupported("Replication is not supported yet: leave out replica_of and replica_count.")
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


def flavor_of(reference: int | str | None) -> Flavor:
    """The flavor that an id, or a URL that ends in it, names. Raises BadRequest."""
    if reference is None:
        raise BadRequest("Validation error: instance 'flavorRef' is a required property")
    flavor_id = str(reference).rstrip("/").rpartition("/")[2]
    try:
        return flavors.get(flavor_id)
    except NotFound as error:
        raise BadRequest(error.message) from None


def _volume_size(asked: NewInstanceItem, offer: Offer) -> int:
    """GB; 0 for a datastore that keeps nothing on a volume."""
    if not offer.datastore.volume:
        if asked.volume is not None:
            raise BadRequest(f"Datastore '{offer.datastore.name}' keeps nothing on a volume: leave out 'volume'.")
        return 0
    if asked.volume is None:
        raise BadRequest("Validation error: instance 'volume' is a required property")
    return allowed_size(int(asked.volume.size))


def allowed_size(size: int) -> int:
    """A volume's size, GB. Raises QuotaExceeded: it is larger than any may be."""
    largest = get_settings().max_volume_size
    if size > largest:
        raise QuotaExceeded(f"Volume 'size' cannot exceed maximum of {largest} GB, {size} cannot be accepted.")
    return size


def _restore_point(asked: NewInstanceItem, project_id: str) -> Backup | None:
    if asked.restore_point is None:
        return None
    backup = backups.get(project_id, require_id("Backup", asked.restore_point.backup_ref))
    require_restorable(backup)
    return backup


def _offer(asked: NewInstanceItem, backup: Backup | None, now: Assortment) -> Offer:
    """The version asked for; a restore that asks for none takes the backup's."""
    datastore = asked.datastore
    if backup is not None and not (datastore and (datastore.type or datastore.version)):
        offer = offer_of(backup.datastore_version_id)
        now.require_available(offer.version)
        return offer
    if datastore is None:
        return choose_offer(None, None, None, now)
    return choose_offer(datastore.type, datastore.version, datastore.version_number, now)


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
        access["allowed_cidrs"] = [cidr(text) for text in asked.allowed_cidrs]
    return access


def cidr(text: str) -> str:
    """A network in the form it is stored in. Raises BadRequest."""
    try:
        return str(ipaddress.IPv4Network(text, strict=False))
    except ValueError as error:
        raise BadRequest(f"Validation error: instance['access']['allowed_cidrs'] {error}") from None
