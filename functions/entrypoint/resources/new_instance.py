"""Checks a create request by the rules that the specification's schema lacks.

rule                                                                        otherwise
modules, locality are left out                                              501
replica_count goes with replica_of                                          400
region_name is the service's own                                            400
a nic names a network or a subnet, and an address only with a subnet        400
flavorRef is given; the flavor exists                                       400
volume is given if the datastore has one, else left out                     400
the volume is not larger than max_volume_size                               413
the datastore exists / its version exists, is active and is the only one    404 / 400
the datastore has databases and users, if the request names some            501
databases and users fit the datastore's rules for names, each given once    400
a user's databases are among the databases                                  400
the backup to restore exists / is COMPLETED                                 404 / 409
the configuration group exists / is of the new instance's version           404 / 400
the backup is of the new instance's version                                 400
the volume is not smaller than that of the backup's instance                403
"""

import ipaddress

from functions.base.errors import BadRequest, Forbidden, NotFound, NotSupported, QuotaExceeded
from functions.base.settings import get_settings
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import NewAccess, NewInstanceItem, Nic
from functions.entrypoint.resources.accounts import new_databases, new_users
from functions.entrypoint.resources.instance_configuration import configuration_id
from functions.entrypoint.resources.parameters import require_groups
from functions.entrypoint.version_catalog import (
    CatalogEntry,
    VersionCatalog,
    entry_of,
    require_capability,
    resolve_entry,
)
from functions.operations.parts.new_instances import NewInstance
from functions.state.backups import backups
from functions.state.backups.backups import require_restorable
from functions.state.backups.models import Backup
from functions.state.instances.spec import Access, InstanceSpec
from functions.topology import flavors
from functions.topology.flavors import Flavor


def new_instance(
    asked: NewInstanceItem, project_id: str, versions: VersionCatalog
) -> tuple[NewInstance, Backup | None]:
    """Check the request by this module's rules; return the new instance, and the backup to restore or None.

    Raises:
        BadRequest, Conflict, Forbidden, NotFound, NotSupported, QuotaExceeded: a rule is broken.
    """
    refuse_unsupported(asked)
    if asked.replica_count:
        raise BadRequest("Validation error: instance['replica_count'] goes with 'replica_of'.")
    flavor = flavor_of(asked.flavor if asked.flavor_ref is None else asked.flavor_ref)
    backup = _restore_point(asked, project_id)
    entry = _entry(asked, backup, versions)
    volume_size = _volume_size(asked, entry)
    if backup is not None:
        _check_fit(backup, entry, volume_size)
    _require_capabilities(asked, entry)
    databases = new_databases(asked.databases or [], entry.datastore)
    spec = InstanceSpec(
        datastore_version_id=entry.version.id,
        flavor_id=flavor.id,
        flavor_name=flavor.name,
        memory_mb=flavor.ram,
        cpus=flavor.vcpus,
        volume_size=volume_size,
        access=access_of(asked.access),
    )
    new = NewInstance(
        name=asked.name,
        spec=spec,
        databases=databases,
        users=new_users(asked.users or [], {database.name for database in databases}, entry.datastore),
        configuration_id=_configuration_id(asked, entry),
        deletion_protection=bool(asked.deletion_protection),
        tags=list(dict.fromkeys(asked.tags or [])),
    )
    return new, backup


def _require_capabilities(asked: NewInstanceItem, entry: CatalogEntry) -> None:
    if asked.databases:
        require_capability(entry, "databases")
    if asked.users:
        require_capability(entry, "users")


def _configuration_id(asked: NewInstanceItem, entry: CatalogEntry) -> str | None:
    if not asked.configuration:
        return None
    require_groups(entry)
    return configuration_id(asked.configuration)


def refuse_unsupported(asked: NewInstanceItem) -> None:
    """Raise NotSupported for what is not offered, BadRequest for a region or network that is wrong."""
    if asked.modules:
        raise NotSupported("Modules are not supported: leave out modules.")
    if asked.locality:
        raise NotSupported("Locality is not supported: leave it out.")
    _check_placement(asked)


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
    """Return the flavor of an id, or of a URL that ends in one. Raises BadRequest."""
    if reference is None:
        raise BadRequest("Validation error: instance 'flavorRef' is a required property")
    flavor_id = str(reference).rstrip("/").rpartition("/")[2]
    try:
        return flavors.get(flavor_id)
    except NotFound as error:
        raise BadRequest(error.message) from None


def _volume_size(asked: NewInstanceItem, entry: CatalogEntry) -> int:
    """Return the volume's size in GB, 0 for a datastore without a volume."""
    if not entry.datastore.volume:
        if asked.volume is not None:
            raise BadRequest(f"Datastore '{entry.datastore.name}' keeps nothing on a volume: leave out 'volume'.")
        return 0
    if asked.volume is None:
        raise BadRequest("Validation error: instance 'volume' is a required property")
    return allowed_size(int(asked.volume.size))


def allowed_size(size: int) -> int:
    """Return the volume size (GB) unchanged. Raises QuotaExceeded if it is above `max_volume_size`."""
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


def _entry(asked: NewInstanceItem, backup: Backup | None, versions: VersionCatalog) -> CatalogEntry:
    """Return the version that the request names; a restore without one gets the backup's version."""
    datastore = asked.datastore
    if backup is not None and not (datastore and (datastore.type or datastore.version)):
        entry = entry_of(backup.datastore_version_id)
        versions.require_available(entry.version)
        return entry
    if datastore is None:
        return resolve_entry(None, None, None, versions)
    return resolve_entry(datastore.type, datastore.version, datastore.version_number, versions)


def _check_fit(backup: Backup, entry: CatalogEntry, volume_size: int) -> None:
    if backup.datastore_version_id != entry.version.id:
        source = entry_of(backup.datastore_version_id)
        raise BadRequest(
            f"Backup {backup.id} is of {source.datastore.name} {source.version.name} and cannot be restored into "
            f"{entry.datastore.name} {entry.version.name}."
        )
    if volume_size < backup.volume_size:
        raise Forbidden(
            f"Backup {backup.id} is too large for a volume of {volume_size} GB: ask for {backup.volume_size} GB."
        )


def access_of(asked: NewAccess | None) -> Access:
    """Return who may reach a new instance. Raises BadRequest."""
    cidrs = [cidr(text) for text in asked.allowed_cidrs or []] if asked else []
    return Access(is_public=bool(asked and asked.is_public), allowed_cidrs=cidrs or None)


def cidr(text: str) -> str:
    """Return an IPv4 network in the form that rows store. Raises BadRequest."""
    try:
        return str(ipaddress.IPv4Network(text, strict=False))
    except ValueError as error:
        raise BadRequest(f"Validation error: instance['access']['allowed_cidrs'] {error}") from None
