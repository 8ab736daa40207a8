"""Generated from api_spec/v1.0/openapi.yaml by `python -m api_spec.generate`; do not edit."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field, SecretStr, StrictBool, StrictFloat, StrictInt, StrictStr
from typing_extensions import TypeAliasType

from functions.entrypoint.wire import Wire

Id = TypeAliasType(
    "Id",
    Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ],
)
"""A UUID."""


PreciseTime = TypeAliasType(
    "PreciseTime", Annotated[StrictStr, Field(pattern="^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}$")]
)
"""UTC to the millisecond, without a zone; where durations of a step are of interest."""


class Link(Wire):
    rel: Literal["self", "bookmark", "next"]
    href: StrictStr


class Fault(Wire):
    code: Annotated[StrictInt, Field(ge=400, le=599)]
    message: StrictStr


class BadRequestFault(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    bad_request: Annotated[Fault, Field(alias="badRequest")]


class UnauthorizedFault(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    unauthorized: Fault


class ForbiddenFault(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    forbidden: Fault


class ItemNotFoundFault(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    item_not_found: Annotated[Fault, Field(alias="itemNotFound")]


class NotAcceptableFault(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    not_acceptable: Annotated[Fault, Field(alias="notAcceptable")]


class ConflictFault(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    conflict: Fault


class OverLimitFault(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    over_limit: Annotated[Fault, Field(alias="overLimit")]


class BadMediaTypeFault(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    bad_media_type: Annotated[Fault, Field(alias="badMediaType")]


class UnprocessableEntityFault(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    unprocessable_entity: Annotated[Fault, Field(alias="unprocessableEntity")]


class NotImplementedFault(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    not_implemented: Annotated[Fault, Field(alias="notImplemented")]


class ServiceUnavailableFault(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    service_unavailable: Annotated[Fault, Field(alias="serviceUnavailable")]


class Version(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Literal["v1.0"]
    status: Literal["CURRENT"]
    updated: AwareDatetime
    min_version: StrictStr
    """First microversion served."""

    version: StrictStr
    """Last microversion served."""

    links: list[Link]


class VersionList(Wire):
    versions: list[Version]


class VersionShow(Wire):
    version: Version


class DatastoreVersionItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    version: StrictStr
    """The version number."""

    links: list[Link]
    active: StrictBool | None = None
    """For administrators; others see active versions only."""

    datastore: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """Id of the datastore; absent inside a datastore."""


class DatastoreItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    links: list[Link]
    versions: list[DatastoreVersionItem]
    default_version: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """Id of the version used when none is asked for."""


class DatastoreList(Wire):
    datastores: list[DatastoreItem]


class DatastoreShow(Wire):
    datastore: DatastoreItem


class DatastoreVersionList(Wire):
    versions: list[DatastoreVersionItem]


class DatastoreVersionShow(Wire):
    version: DatastoreVersionItem


class FlavorItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: StrictInt | None
    """Null unless the id is a plain integer."""

    str_id: StrictStr
    name: StrictStr
    ram: StrictInt
    """MB."""

    vcpus: StrictInt
    disk: StrictInt
    """GB."""

    ephemeral: StrictInt
    """GB."""

    links: list[Link]


class FlavorList(Wire):
    flavors: list[FlavorItem]


class FlavorShow(Wire):
    flavor: FlavorItem


class AbsoluteLimits(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    verb: Literal["ABSOLUTE"]
    max_instances: StrictInt
    """-1 is unlimited, here and below."""

    max_ram: StrictInt
    """MB."""

    max_volumes: StrictInt
    """GB."""

    max_backups: StrictInt


class LimitList(Wire):
    limits: Annotated[list[AbsoluteLimits], Field(min_length=1)]


Size = TypeAliasType("Size", Annotated[StrictInt, Field(ge=1, le=2147483647)])
"""GB, at least 1; a number or its digits."""


Size1 = TypeAliasType("Size1", Annotated[StrictStr, Field(pattern="^0*[1-9][0-9]{0,8}$")])
"""GB, at least 1; a number or its digits."""


class NewVolume(Wire):
    size: Size | Size1
    """GB, at least 1; a number or its digits."""

    type: StrictStr | None = None
    """The substrate decides the type; accepted for the clients' sake."""


class NewInstanceDatastore(Wire):
    type: Annotated[StrictStr | None, Field(min_length=1)] = None
    """Id or name; without it the default datastore."""

    version: Annotated[StrictStr | None, Field(min_length=1)] = None
    """Id or name; without it the datastore's default."""

    version_number: Annotated[StrictStr | None, Field(min_length=1)] = None
    """Tells versions of one name apart."""


class NewDatabaseItem(Wire):
    name: Annotated[StrictStr, Field(max_length=255, min_length=1, pattern="^[^\\x00]+$")]
    """The datastore's own rules apply, too."""

    character_set: Annotated[StrictStr | None, Field(pattern="^[0-9A-Za-z_.@-]{1,64}$")] = None
    collate: Annotated[StrictStr | None, Field(pattern="^[0-9A-Za-z_.@-]{1,64}$")] = None


class UserDatabase(Wire):
    name: Annotated[StrictStr, Field(max_length=255, min_length=1, pattern="^[^\\x00]+$")]
    """The datastore's own rules apply, too."""


class NewUserItem(Wire):
    name: Annotated[StrictStr, Field(max_length=255, min_length=1, pattern="^[^\\x00]+$")]
    """The datastore's own rules apply, too."""

    password: Annotated[SecretStr, Field(max_length=255, min_length=1)]
    """Without NUL."""

    host: Annotated[StrictStr | None, Field(pattern="^[0-9A-Za-z_.:%/-]{1,255}$")] = None
    """Where the user may come from; `%`, the default, is anywhere."""

    databases: list[UserDatabase] | None = None


class RestorePoint(Wire):
    backup_ref: Annotated[
        StrictStr,
        Field(
            alias="backupRef",
            pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$",
        ),
    ]
    """A UUID."""


class Nic(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    net_id: Annotated[
        StrictStr | None,
        Field(
            alias="net-id", pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"
        ),
    ] = None
    """A UUID."""

    network_id: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""

    subnet_id: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""

    ip_address: Annotated[StrictStr | None, Field(pattern="^[0-9]{1,3}(\\.[0-9]{1,3}){3}$")] = None
    """Needs subnet_id."""


AllowedCidr = TypeAliasType(
    "AllowedCidr", Annotated[StrictStr, Field(pattern="^[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}$")]
)


class NewAccess(Wire):
    is_public: StrictBool | None = None
    """Reachable from outside the tenant's network."""

    allowed_cidrs: list[AllowedCidr] | None = None
    """Who may reach the database; empty is everybody."""


class ModuleRef(Wire):
    id: StrictStr


FlavorRef = TypeAliasType("FlavorRef", Annotated[StrictInt, Field(ge=0)])
"""Id of a flavor, or a URL that ends in it. Required."""


FlavorRef1 = TypeAliasType("FlavorRef1", Annotated[StrictStr, Field(max_length=2048, min_length=1)])
"""Id of a flavor, or a URL that ends in it. Required."""


Flavor = TypeAliasType("Flavor", Annotated[StrictInt, Field(ge=0)])
"""What openstacksdk sends for flavorRef, which goes before it."""


Flavor1 = TypeAliasType("Flavor1", Annotated[StrictStr, Field(max_length=2048, min_length=1)])
"""What openstacksdk sends for flavorRef, which goes before it."""


class NewInstanceItem(Wire):
    name: Annotated[
        StrictStr, Field(max_length=255, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]*[0-9A-Za-z][^\\x00-\\x1f\\x7f]*$")
    ]
    """1 to 255 characters with a letter or digit of ASCII among them, without control characters."""

    flavor_ref: Annotated[FlavorRef | FlavorRef1 | None, Field(alias="flavorRef")] = None
    """Id of a flavor, or a URL that ends in it. Required."""

    flavor: Flavor | Flavor1 | None = None
    """What openstacksdk sends for flavorRef, which goes before it."""

    volume: NewVolume | None = None
    """Required."""

    datastore: NewInstanceDatastore | None = None
    databases: list[NewDatabaseItem] | None = None
    users: list[NewUserItem] | None = None
    restore_point: Annotated[RestorePoint | None, Field(alias="restorePoint")] = None
    availability_zone: Annotated[StrictStr | None, Field(max_length=255, min_length=1)] = None
    """The substrate decides the zone; accepted for the clients' sake."""

    region_name: StrictStr | None = None
    """Only the service's own region."""

    nics: Annotated[list[Nic] | None, Field(max_length=1)] = None
    """The substrate decides the network; accepted for the clients' sake."""

    access: NewAccess | None = None
    configuration: StrictStr | None = None
    """Not offered yet (501)."""

    replica_of: StrictStr | None = None
    """Not offered yet (501)."""

    replica_count: Annotated[StrictInt | None, Field(ge=1, le=3)] = None
    """Goes with replica_of."""

    modules: list[ModuleRef] | None = None
    """Not offered (501)."""

    locality: Literal["affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"] | None = None
    """Not offered yet (501)."""


class InstanceCreate(Wire):
    instance: NewInstanceItem


class RestartOptions(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )


class InstanceAction(Wire):
    """One action. `null` is taken for `{}`."""

    model_config = ConfigDict(
        extra="forbid",
    )
    restart: RestartOptions | None


class InstanceFlavor(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: StrictStr
    links: list[Link]


class InstanceDatastore(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    type: StrictStr
    """Name of the datastore."""

    version: StrictStr
    """Name of the version."""

    version_number: StrictStr | None = None


class InstanceVolume(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    size: StrictInt
    """GB."""


class InstanceAddress(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    address: StrictStr
    type: Literal["private", "public"]
    network: StrictStr | None = None
    """Id of the network; of private addresses only."""


class InstanceAccess(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    is_public: StrictBool | None = None
    allowed_cidrs: list[StrictStr] | None = None


class InstanceFault(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    message: StrictStr
    created: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    details: StrictStr | None
    """For administrators."""


class InstanceItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    status: Literal["BUILD", "ACTIVE", "REBOOT", "BACKUP", "SHUTDOWN", "ERROR"]
    operating_status: StrictStr
    """Empty unless ACTIVE."""

    links: list[Link]
    flavor: InstanceFlavor
    datastore: InstanceDatastore
    region: StrictStr | None
    access: InstanceAccess
    volume: InstanceVolume
    ip: list[StrictStr] | None = None
    """Absent until known."""

    addresses: list[InstanceAddress] | None = None
    """Absent until known."""

    tenant_id: StrictStr | None = None
    """For administrators."""


class InstanceDetail(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    status: Literal["BUILD", "ACTIVE", "REBOOT", "BACKUP", "SHUTDOWN", "ERROR"]
    operating_status: StrictStr
    """Empty unless ACTIVE."""

    links: list[Link]
    flavor: InstanceFlavor
    datastore: InstanceDatastore
    region: StrictStr | None
    access: InstanceAccess
    volume: InstanceVolume
    ip: list[StrictStr] | None = None
    """Absent until known."""

    addresses: list[InstanceAddress] | None = None
    """Absent until known."""

    tenant_id: StrictStr | None = None
    """For administrators."""

    created: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    updated: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    service_status_updated: Annotated[
        StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")
    ]
    """UTC, to the second, without a zone."""

    fault: InstanceFault | None = None


class InstanceList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    instances: list[InstanceItem]
    links: list[Link] | None = None
    instances_links: list[Link] | None = None


class InstanceDetailList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    instances: list[InstanceDetail]
    links: list[Link] | None = None
    instances_links: list[Link] | None = None


class InstanceShow(Wire):
    instance: InstanceDetail


class RestoreFrom(Wire):
    remote_location: StrictStr
    local_datastore_version_id: StrictStr
    size: StrictFloat | None


class NewBackupItem(Wire):
    name: Annotated[
        StrictStr, Field(max_length=255, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]*[0-9A-Za-z][^\\x00-\\x1f\\x7f]*$")
    ]
    """1 to 255 characters with a letter or digit of ASCII among them, without control characters."""

    instance: Id | None = None
    """Id of an ACTIVE instance. Required."""

    description: Annotated[StrictStr | None, Field(max_length=4096, pattern="^[^\\x00]*$")] = None
    incremental: Annotated[StrictInt | None, Field(ge=0, le=1)] = None
    """1 is not offered yet (501)."""

    parent_id: Id | None = None
    """Not offered yet (501)."""

    swift_container: StrictStr | None = None
    """Not offered (501): backups are kept in the service's own account."""

    storage_driver: Literal["swift", "cinder"] | None = None
    """cinder is not offered (501)."""

    restore_from: RestoreFrom | None = None
    """Not offered yet (501)."""


class BackupCreate(Wire):
    backup: NewBackupItem


class BackupDatastore(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    type: StrictStr
    version: StrictStr
    version_id: StrictStr


class BackupItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    description: StrictStr | None
    location_ref: Annotated[StrictStr | None, Field(alias="locationRef")]
    """URL of the Swift object."""

    instance_id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    created: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    updated: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    size: StrictFloat | None
    """GB as stored."""

    status: Literal["NEW", "BUILDING", "COMPLETED", "FAILED", "DELETE_FAILED"]
    parent_id: Id | None
    project_id: StrictStr
    datastore: BackupDatastore


class BackupList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    backups: list[BackupItem]
    links: list[Link] | None = None
    backups_links: list[Link] | None = None


class BackupShow(Wire):
    backup: BackupItem


class OperationError(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    step: StrictStr | None
    message: StrictStr


class OperationProgress(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    phase: StrictStr | None
    bytes: StrictInt | None
    percent: StrictFloat | None


class OperationStep(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    name: StrictStr
    state: Literal["RUNNING", "WAITING", "SUCCEEDED", "ERROR"]
    started: Annotated[StrictStr, Field(pattern="^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}$")]
    """UTC to the millisecond, without a zone; where durations of a step are of interest."""

    ended: PreciseTime | None
    attempts: Annotated[StrictInt, Field(ge=1)]
    error: StrictStr | None


class OperationItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    type: StrictStr
    """The workflow: instance_create, backup_create, ..."""

    state: Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "NEEDS_OPERATOR"]
    """The last three are ends."""

    instance_id: Id | None
    backup_id: Id | None
    request_id: StrictStr
    """Of the request that was accepted."""

    user_id: StrictStr
    created: Annotated[StrictStr, Field(pattern="^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}$")]
    """UTC to the millisecond, without a zone; where durations of a step are of interest."""

    started: PreciseTime | None
    ended: PreciseTime | None
    deadline: Annotated[StrictStr, Field(pattern="^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}$")]
    """UTC to the millisecond, without a zone; where durations of a step are of interest."""

    error: OperationError | None
    """Why it failed or is being undone."""

    progress: OperationProgress | None
    """Of the running job."""


class OperationDetail(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    type: StrictStr
    """The workflow: instance_create, backup_create, ..."""

    state: Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "NEEDS_OPERATOR"]
    """The last three are ends."""

    instance_id: Id | None
    backup_id: Id | None
    request_id: StrictStr
    """Of the request that was accepted."""

    user_id: StrictStr
    created: Annotated[StrictStr, Field(pattern="^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}$")]
    """UTC to the millisecond, without a zone; where durations of a step are of interest."""

    started: PreciseTime | None
    ended: PreciseTime | None
    deadline: Annotated[StrictStr, Field(pattern="^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}$")]
    """UTC to the millisecond, without a zone; where durations of a step are of interest."""

    error: OperationError | None
    """Why it failed or is being undone."""

    progress: OperationProgress | None
    """Of the running job."""

    steps: list[OperationStep]


class OperationList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    operations: list[OperationItem]
    links: list[Link] | None = None
    operations_links: list[Link] | None = None


class OperationShow(Wire):
    operation: OperationDetail


class InstancesListParametersQuery(Wire):
    limit: Annotated[StrictInt | None, Field(ge=1)] = None
    marker: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""

    include_clustered: Literal["true", "True", "1", "false", "False", "0"] | None = None


class InstancesDetailParametersQuery(Wire):
    limit: Annotated[StrictInt | None, Field(ge=1)] = None
    marker: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""

    include_clustered: Literal["true", "True", "1", "false", "False", "0"] | None = None


class InstancesListBackupsParametersQuery(Wire):
    limit: Annotated[StrictInt | None, Field(ge=1)] = None
    marker: Annotated[StrictInt | None, Field(ge=0, le=2147483647)] = None


class BackupsListParametersQuery(Wire):
    limit: Annotated[StrictInt | None, Field(ge=1)] = None
    marker: Annotated[StrictInt | None, Field(ge=0, le=2147483647)] = None
    datastore: StrictStr | None = None
    instance_id: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""

    all_projects: Literal["true", "True", "1", "false", "False", "0"] | None = None
    project_id: Annotated[StrictStr | None, Field(pattern="^[0-9A-Za-z_-]{1,64}$")] = None


class OperationsListParametersQuery(Wire):
    limit: Annotated[StrictInt | None, Field(ge=1)] = None
    marker: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""

    instance_id: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""

    backup_id: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""

    state: Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "NEEDS_OPERATOR"] | None = None
    """The last three are ends."""
