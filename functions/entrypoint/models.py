"""Generated from api_spec/v1.0/openapi.yaml by `python -m api_spec.generate`; do not edit."""

from __future__ import annotations

from typing import Annotated, Any, Literal

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


Time = TypeAliasType(
    "Time", Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
)
"""UTC, to the second, without a zone."""


Name = TypeAliasType(
    "Name",
    Annotated[
        StrictStr, Field(max_length=255, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]*[0-9A-Za-z][^\\x00-\\x1f\\x7f]*$")
    ],
)
"""1 to 255 characters with a letter or digit of ASCII among them, without control characters."""


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


class OverLimitReason(Wire):
    """When the rate of requests is the reason, with the rule and the seconds to wait."""

    model_config = ConfigDict(
        extra="forbid",
    )
    code: StrictInt
    message: StrictStr
    details: StrictStr | None = None
    retry_after: Annotated[StrictStr | None, Field(alias="retryAfter", pattern="^[0-9]+$")] = None


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

    extensions: list[StrictStr] | None = None
    """From 1.2: what a user can add to a database that is the user's own (`CREATE EXTENSION`)."""

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


class ClusterList(Wire):
    clusters: Annotated[list[dict[str, Any]], Field(max_length=0)]


class RateLimit(Wire):
    """How many requests by one method a project may send; each process of the service counts for itself."""

    model_config = ConfigDict(
        extra="forbid",
    )
    verb: Literal["GET", "POST", "PUT", "DELETE"]
    """PATCH counts as PUT."""

    value: Annotated[StrictInt, Field(ge=0)]
    """Requests a unit."""

    remaining: Annotated[StrictInt, Field(ge=0)]
    """Left in this unit."""

    unit: Literal["MINUTE"]
    uri: StrictStr
    regex: StrictStr
    next_available: Annotated[
        StrictStr, Field(alias="nextAvailable", pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")
    ]
    """When the next unit begins."""


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


DatabaseName = TypeAliasType(
    "DatabaseName", Annotated[StrictStr, Field(max_length=255, min_length=1, pattern="^[^\\x00]+$")]
)
"""The datastore's own rules apply, too."""


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


Tag = TypeAliasType("Tag", Annotated[StrictStr, Field(pattern="^[^,/\\x00-\\x1f\\x7f]{1,60}$")])


Tags = TypeAliasType("Tags", Annotated[list[Tag], Field(max_length=50)])
"""Up to 50 texts of 60 characters without comma, slash and control characters; each counts once."""


class NoOptions(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )


class ResetOptions(Wire):
    """What is inside is not looked at; clients put `force_delete` there."""


FlavorRef2 = TypeAliasType("FlavorRef2", Annotated[StrictInt, Field(ge=0)])
"""Id of another flavor, or a URL that ends in it."""


FlavorRef3 = TypeAliasType("FlavorRef3", Annotated[StrictStr, Field(max_length=2048, min_length=1)])
"""Id of another flavor, or a URL that ends in it."""


Volume = TypeAliasType("Volume", Annotated[StrictInt, Field(ge=1, le=2147483647)])
"""The new size; openstacksdk sends the number alone."""


class NewSize(Wire):
    """Either of them."""

    model_config = ConfigDict(
        extra="forbid",
    )
    flavor_ref: Annotated[FlavorRef2 | FlavorRef3 | None, Field(alias="flavorRef")] = None
    """Id of another flavor, or a URL that ends in it."""

    volume: NewVolume | Volume | None = None
    """The new size; openstacksdk sends the number alone."""


class InstanceAction(Wire):
    """One action. `null` is taken for `{}`."""

    model_config = ConfigDict(
        extra="forbid",
    )
    restart: NoOptions | None = None
    resize: NewSize | None = None
    stop: NoOptions | None = None
    """From 1.1."""

    start: NoOptions | None = None
    """From 1.1."""

    reset_status: ResetOptions | None = None
    """For administrators."""

    promote_to_replica_source: NoOptions | None = None
    """Of a replica; an instance that is none is refused (400)."""

    eject_replica_source: NoOptions | None = None
    """Not offered yet (501)."""


class AccessUpdate(Wire):
    """What is left out stays."""

    model_config = ConfigDict(
        extra="forbid",
    )
    is_public: StrictBool | None = None
    allowed_cidrs: list[AllowedCidr] | None = None
    """Who may reach the database; empty is everybody. Sessions that are open go on."""


class InstanceUpdateItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    name: Annotated[
        StrictStr | None,
        Field(max_length=255, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]*[0-9A-Za-z][^\\x00-\\x1f\\x7f]*$"),
    ] = None
    """1 to 255 characters with a letter or digit of ASCII among them, without control characters."""

    access: AccessUpdate | None = None
    datastore_version: Annotated[StrictStr | None, Field(max_length=255, min_length=1)] = None
    """Id or name; the instance's own installs its software anew."""

    configuration: Annotated[StrictStr | None, Field(max_length=2048)] = None
    """Id of a configuration group to attach, or a URL that ends in it; null detaches."""

    replica_of: StrictStr | None = None
    """Not offered yet (501)."""

    slave_of: StrictStr | None = None
    """The same by its old name."""

    deletion_protection: StrictBool | None = None
    """From 1.1."""

    tags: Annotated[list[Tag] | None, Field(max_length=50)] = None
    """From 1.1: all of them anew."""


class InstanceUpdate(Wire):
    instance: InstanceUpdateItem


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
    """GB; 0 where the datastore keeps nothing on a volume."""


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
    status: Literal["BUILD", "ACTIVE", "RESTART_REQUIRED", "REBOOT", "RESIZE", "UPGRADE", "BACKUP", "SHUTDOWN", "ERROR"]
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

    deletion_protection: StrictBool | None = None
    """From 1.1."""

    tags: list[StrictStr] | None = None
    """From 1.1."""


class InstanceTls(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    ca_certificate: StrictStr
    """PEM certificates of the authorities to trust; the database's certificate names the instance's addresses."""

    certificate_expires: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """When the database's certificate ends; it is renewed before."""


class InstanceList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    instances: list[InstanceItem]
    links: list[Link] | None = None
    instances_links: list[Link] | None = None


class MgmtServer(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    status: StrictStr
    tenant_id: StrictStr


class MgmtInstanceAction(Wire):
    """One action. `null` is taken for `{}`."""

    model_config = ConfigDict(
        extra="forbid",
    )
    stop: NoOptions | None = None
    reboot: NoOptions | None = None
    reset_task_status: Annotated[NoOptions | None, Field(alias="reset-task-status")] = None
    migrate: dict[str, Any] | None = None
    """Not offered (501)."""

    rebuild: dict[str, Any] | None = None
    """Not offered (501)."""

    update: dict[str, Any] | None = None
    """Not offered (501)."""


class Quota(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    resource: Literal["instances", "volumes", "ram", "backups"]
    in_use: StrictInt
    """volumes in GB, ram in MB."""

    reserved: Literal[0]
    """Resources count from acceptance on."""

    limit: StrictInt
    """-1 is unlimited."""


class QuotaList(Wire):
    quotas: list[Quota]


QuotasAdditionalProperty = TypeAliasType("QuotasAdditionalProperty", Annotated[StrictInt, Field(ge=-1, le=2147483647)])


class QuotaLimits(Wire):
    quotas: Annotated[dict[str, QuotasAdditionalProperty], Field(min_length=1)]
    """Limits by resource; -1 is unlimited. An unknown resource is 404."""


class MgmtVersion(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    version: StrictStr
    datastore_id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    datastore_name: StrictStr
    datastore_manager: StrictStr
    active: StrictBool
    default: StrictBool
    image: None
    """The substrate decides the image."""

    image_tags: Annotated[list[StrictStr], Field(max_length=0)]
    packages: list[StrictStr]
    """By substrate."""

    repl_strategy: None


class MgmtVersionList(Wire):
    versions: list[MgmtVersion]


class MgmtVersionShow(Wire):
    version: MgmtVersion


class MgmtVersionUpdate(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    name: Annotated[StrictStr | None, Field(max_length=255)] = None
    """Another one than it has is not offered (501)."""

    datastore_manager: StrictStr | None = None
    """The datastore's name; accepted for the clients' sake."""

    image: StrictStr | None = None
    """The substrate decides the image; accepted for the clients' sake."""

    image_tags: list[StrictStr] | None = None
    """The same."""

    packages: StrictStr | list[StrictStr] | None = None
    """The same."""

    registry_ext: StrictStr | None = None
    """The same."""

    repl_strategy: StrictStr | None = None
    """The same."""

    active: StrictBool | None = None
    default: StrictBool | None = None


class NewMgmtVersion(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    name: Annotated[StrictStr, Field(max_length=255, min_length=1)]
    datastore_manager: StrictStr | None = None
    """The datastore's name; accepted for the clients' sake."""

    image: StrictStr | None = None
    """The substrate decides the image; accepted for the clients' sake."""

    image_tags: list[StrictStr] | None = None
    """The same."""

    packages: StrictStr | list[StrictStr] | None = None
    """The same."""

    registry_ext: StrictStr | None = None
    """The same."""

    repl_strategy: StrictStr | None = None
    """The same."""

    active: StrictBool | None = None
    default: StrictBool | None = None
    datastore_name: Annotated[StrictStr, Field(max_length=255, min_length=1)]
    version: Annotated[StrictStr | None, Field(max_length=255)] = None


class MgmtVersionCreate(Wire):
    version: NewMgmtVersion


class ParameterItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    name: StrictStr
    datastore_version_id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    restart_required: StrictBool
    """Whether a change is in force only after a restart."""

    type: Literal["integer", "string", "boolean", "float"]
    min: StrictFloat | None = None
    """In `unit`; absent where there is none."""

    max: StrictFloat | None = None
    """In `unit`; absent where there is none."""

    description: StrictStr | None = None
    """From 1.1."""

    unit: StrictStr | None = None
    """From 1.1: what whole numbers count. A text of number and unit (`64MB`, `30s`) is taken, too."""

    choices: list[StrictStr] | None = None
    """From 1.1: the values that it can have."""


class ParameterList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    configuration_parameters: Annotated[list[ParameterItem], Field(alias="configuration-parameters")]


class ConfigurationDatastore(Wire):
    type: StrictStr | None = None
    """Id or name; without it the service's default."""

    version: StrictStr | None = None
    """Id or name; without it the datastore's default."""

    version_number: StrictStr | None = None
    """Tells apart versions of one name."""


ConfigurationValues = TypeAliasType("ConfigurationValues", Annotated[dict[str, Any], Field(max_length=1000)])
"""Values by the names of parameters, each of the parameter's type."""


class NewConfigurationItem(Wire):
    name: Annotated[
        StrictStr, Field(max_length=255, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]*[0-9A-Za-z][^\\x00-\\x1f\\x7f]*$")
    ]
    """1 to 255 characters with a letter or digit of ASCII among them, without control characters."""

    values: ConfigurationValues
    description: Annotated[StrictStr | None, Field(max_length=4096, pattern="^[^\\x00]*$")] = None
    datastore: ConfigurationDatastore | None = None


class ConfigurationCreate(Wire):
    configuration: NewConfigurationItem


class ConfigurationUpdateItem(Wire):
    name: Name | None = None
    values: ConfigurationValues | None = None
    description: Annotated[StrictStr | None, Field(max_length=4096, pattern="^[^\\x00]*$")] = None


class ConfigurationUpdate(Wire):
    configuration: ConfigurationUpdateItem


class ConfigurationItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    description: StrictStr | None
    created: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    updated: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    datastore_name: StrictStr
    datastore_version_id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    datastore_version_name: StrictStr


class ConfigurationDetail(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    description: StrictStr | None
    created: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    updated: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    datastore_name: StrictStr
    datastore_version_id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    datastore_version_name: StrictStr
    datastore_version_number: StrictStr
    instance_count: StrictInt
    """How many instances have the group."""

    values: dict[str, Any]
    """Passwords and the like are masked."""


class ConfigurationList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    configurations: list[ConfigurationItem]
    links: list[Link] | None = None
    configurations_links: list[Link] | None = None


class ConfigurationShow(Wire):
    configuration: ConfigurationDetail


class ConfigurationInstance(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    current: StrictBool | None = None
    """From 1.1: it has the group's newest values, or is being given them."""


class ConfigurationInstanceList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    instances: list[ConfigurationInstance]
    links: list[Link] | None = None
    instances_links: list[Link] | None = None


class DefaultSettingsItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    configuration: dict[str, StrictStr]


class DefaultSettings(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    instance: DefaultSettingsItem


class InstanceConfiguration(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    links: list[Link]


class DatabasesCreate(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    databases: Annotated[list[NewDatabaseItem] | None, Field(min_length=1)] = None
    database: NewDatabaseItem | None = None
    """What openstacksdk sends for a list of one."""


class DatabaseItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    name: StrictStr


class DatabaseShow(Wire):
    database: DatabaseItem


class DatabaseList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    databases: list[DatabaseItem]
    links: list[Link] | None = None
    databases_links: list[Link] | None = None


Users = TypeAliasType("Users", Annotated[list[NewUserItem], Field(min_length=1)])
"""A list; openstacksdk sends one user alone."""


class UsersCreate(Wire):
    users: Users | NewUserItem
    """A list; openstacksdk sends one user alone."""


Password = TypeAliasType("Password", Annotated[SecretStr, Field(max_length=255, min_length=1)])
"""Without NUL."""


UserHost = TypeAliasType("UserHost", Annotated[StrictStr, Field(pattern="^[0-9A-Za-z_.:%/-]{1,255}$")])
"""Where the user may come from; `%` is anywhere, and the only one where the datastore's users have no host."""


class UserPassword(Wire):
    name: Annotated[StrictStr, Field(max_length=255, min_length=1, pattern="^[^\\x00]+$")]
    """The datastore's own rules apply, too."""

    password: Annotated[SecretStr, Field(max_length=255, min_length=1)]
    """Without NUL."""

    host: UserHost | None = None


class UsersUpdate(Wire):
    users: Annotated[list[UserPassword], Field(min_length=1)]


class NewUserAttributes(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    name: DatabaseName | None = None
    password: Password | None = None
    host: UserHost | None = None


class UserUpdate(Wire):
    user: NewUserAttributes


class UserItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    name: StrictStr
    host: StrictStr
    databases: list[DatabaseItem]


class UserList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    users: list[UserItem]
    links: list[Link] | None = None
    users_links: list[Link] | None = None


class UserShow(Wire):
    user: UserItem


class AccessList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    databases: list[DatabaseItem]


class AccessGrant(Wire):
    databases: Annotated[list[UserDatabase], Field(min_length=1)]


class RootEnable(Wire):
    password: Password | None = None


class RootItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    name: Literal["root"]
    password: StrictStr


class RootUser(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    user: RootItem


class RootShow(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    root_enabled: Annotated[StrictBool, Field(alias="rootEnabled")]


class LogAction(Wire):
    name: Annotated[StrictStr, Field(max_length=255, min_length=1)]
    enable: Annotated[StrictInt | None, Field(ge=0, le=1)] = None
    disable: Annotated[StrictInt | None, Field(ge=0, le=1)] = None
    publish: Annotated[StrictInt | None, Field(ge=0, le=1)] = None
    discard: Annotated[StrictInt | None, Field(ge=0, le=1)] = None


class LogItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    name: StrictStr
    type: Literal["USER", "SYS"]
    status: StrictStr
    """Disabled, Enabled, Ready, Partial, Published or Rotated"""

    published: StrictInt
    """Bytes published."""

    pending: StrictInt
    """Bytes written to the log's files since."""

    container: StrictStr
    """Where it is published; None before."""

    prefix: StrictStr
    """What the names of its objects begin with; None before."""

    metafile: StrictStr


class LogList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    logs: list[LogItem]


class LogShow(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    log: LogItem


class RestoreFrom(Wire):
    remote_location: Annotated[StrictStr, Field(max_length=4096)]
    """URL of a full backup's object data in the project's Swift account, its others beside it."""

    local_datastore_version_id: Annotated[StrictStr, Field(max_length=255)]
    """The datastore version here of the release that the backup is of."""

    size: Annotated[StrictFloat | None, Field(ge=0.0, le=100000.0)]
    """GB that a volume needs for a restore at least; less than the data is raised to that."""


class NewBackupItem(Wire):
    name: Annotated[
        StrictStr, Field(max_length=255, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]*[0-9A-Za-z][^\\x00-\\x1f\\x7f]*$")
    ]
    """1 to 255 characters with a letter or digit of ASCII among them, without control characters."""

    instance: Id | None = None
    """Id of an ACTIVE instance. Required without restore_from."""

    description: Annotated[StrictStr | None, Field(max_length=4096, pattern="^[^\\x00]*$")] = None
    incremental: Annotated[StrictInt | None, Field(ge=0, le=1)] = None
    """1 = what changed since the newest backup; for a datastore without the capability 501."""

    parent_id: Id | None = None
    """The COMPLETED backup of the same instance to build on."""

    swift_container: Annotated[StrictStr | None, Field(max_length=255)] = None
    """Must be a name, and is not used: backups lie in the service's own account."""

    storage_driver: Literal["swift", "cinder"] | None = None
    """cinder is not offered (501)."""

    restore_from: RestoreFrom | None = None
    """In place of an instance: a backup made elsewhere. It is copied and verified, then RESTORED."""


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

    instance_id: Id | None
    """Null for a backup from elsewhere."""

    created: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    updated: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    size: StrictFloat | None
    """GB as stored."""

    status: Literal["NEW", "BUILDING", "COMPLETED", "FAILED", "RESTORED", "DELETE_FAILED"]
    parent_id: Id | None
    """The backup that an incremental one builds on."""

    project_id: StrictStr
    schedule_id: Id | None = None
    """From 1.1. The schedule that made it."""

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


class Download(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    seconds: Annotated[StrictInt | None, Field(ge=60, le=3600)] = None
    """How long the URLs are good for; 3600 when it is not given."""


class BackupAction(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    download: Download


class BackupDownloadItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    url: StrictStr
    """GET gives the backup as one stream."""

    instructions_url: StrictStr
    """GET gives restore.json: how to restore it with stock tools."""

    expires: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""


class BackupDownload(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    download: BackupDownloadItem


class NewBackupStrategy(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    swift_container: Annotated[StrictStr, Field(max_length=255, min_length=1, pattern="^[^/\\x00]+$")]
    instance_id: Annotated[
        StrictStr | None,
        Field(pattern="^([0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12})?$"),
    ] = None
    """For this instance; empty: the project's default."""


class BackupStrategyCreate(Wire):
    backup_strategy: NewBackupStrategy


class BackupStrategyItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    project_id: StrictStr
    instance_id: StrictStr
    """Empty for the project's default."""

    backend: Literal["swift"]
    swift_container: StrictStr


class BackupStrategyList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    backup_strategies: list[BackupStrategyItem]


class BackupStrategyShow(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    backup_strategy: BackupStrategyItem


CronPattern = TypeAliasType(
    "CronPattern",
    Annotated[StrictStr, Field(max_length=255, min_length=9, pattern="^[0-9A-Za-z*/,-]+( [0-9A-Za-z*/,-]+){4}$")],
)
"""Minute, hour, day of month, month, day of week, in UTC: `0 3 * * *` is every day at three."""


FullEvery = TypeAliasType("FullEvery", Annotated[StrictInt, Field(ge=1, le=100)])
"""Every n-th backup is a full one, the others build on the one before; 1 = all are full."""


class NewSchedule(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    name: Annotated[
        StrictStr, Field(max_length=255, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]*[0-9A-Za-z][^\\x00-\\x1f\\x7f]*$")
    ]
    """1 to 255 characters with a letter or digit of ASCII among them, without control characters."""

    instance: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    description: Annotated[StrictStr | None, Field(max_length=4096, pattern="^[^\\x00]*$")] = None
    pattern: Annotated[
        StrictStr, Field(max_length=255, min_length=9, pattern="^[0-9A-Za-z*/,-]+( [0-9A-Za-z*/,-]+){4}$")
    ]
    """Minute, hour, day of month, month, day of week, in UTC: `0 3 * * *` is every day at three."""

    full_every: FullEvery | None = None
    """1 when it is not given."""

    keep_count: Annotated[StrictInt | None, Field(ge=1, le=10000)] = None
    """So many of the newest backups are kept; null = no rule."""

    keep_days: Annotated[StrictInt | None, Field(ge=1, le=36500)] = None
    """Backups younger than so many days are kept; null = no rule."""


class ScheduleCreate(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    schedule: NewSchedule


class ScheduleChanges(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    name: Name | None = None
    description: Annotated[StrictStr | None, Field(max_length=4096, pattern="^[^\\x00]*$")] = None
    pattern: CronPattern | None = None
    full_every: FullEvery | None = None
    keep_count: Annotated[StrictInt | None, Field(ge=1, le=10000)] = None
    """So many of the newest backups are kept; null = no rule."""

    keep_days: Annotated[StrictInt | None, Field(ge=1, le=36500)] = None
    """Backups younger than so many days are kept; null = no rule."""


class ScheduleUpdate(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    schedule: ScheduleChanges


class ScheduleItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    description: StrictStr | None
    instance_id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    project_id: StrictStr
    pattern: StrictStr
    full_every: StrictInt
    keep_count: StrictInt | None
    keep_days: StrictInt | None
    next_run: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    last_run: Time | None
    last_backup_id: Id | None
    """The newest backup that it made."""

    last_error: StrictStr | None
    """Why the last run made no backup; null when it made one."""

    missed_runs: StrictInt
    """Runs whose time passed without one."""

    created: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    updated: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""


class ScheduleList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    schedules: list[ScheduleItem]
    links: list[Link] | None = None
    schedules_links: list[Link] | None = None


class ScheduleAction(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    run: NoOptions


class ScheduleShow(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    schedule: ScheduleItem


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


class OperationEvent(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    event: Literal["accepted", "started", "undoing", "ended"]
    at: Annotated[StrictStr, Field(pattern="^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}$")]
    """UTC to the millisecond, without a zone; where durations of a step are of interest."""

    user_id: StrictStr
    """In whose name."""

    request_id: StrictStr
    """Of the request that was accepted."""

    state: Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "NEEDS_OPERATOR"]
    """The last four are ends."""

    detail: StrictStr | None
    """Why it is being undone or has failed."""


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

    state: Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "NEEDS_OPERATOR"]
    """The last four are ends."""

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

    state: Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "NEEDS_OPERATOR"]
    """The last four are ends."""

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
    events: list[OperationEvent]
    """The audit log's, the oldest first."""


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


class ConfigurationsListParametersQuery(Wire):
    limit: Annotated[StrictInt | None, Field(ge=1)] = None
    marker: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""


class ConfigurationsListInstancesParametersQuery(Wire):
    limit: Annotated[StrictInt | None, Field(ge=1)] = None
    marker: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""


class DatabasesListParametersQuery(Wire):
    limit: Annotated[StrictInt | None, Field(ge=1)] = None
    marker: Annotated[StrictStr | None, Field(max_length=255)] = None


class UsersListParametersQuery(Wire):
    limit: Annotated[StrictInt | None, Field(ge=1)] = None
    marker: Annotated[StrictStr | None, Field(max_length=512)] = None


class BackupsListParametersQuery(Wire):
    limit: Annotated[StrictInt | None, Field(ge=1)] = None
    marker: Annotated[StrictInt | None, Field(ge=0, le=2147483647)] = None
    datastore: StrictStr | None = None
    instance_id: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""

    schedule_id: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""

    all_projects: Literal["true", "True", "1", "false", "False", "0"] | None = None
    project_id: Annotated[StrictStr | None, Field(pattern="^[0-9A-Za-z_-]{1,64}$")] = None


class BackupStrategiesListParametersQuery(Wire):
    instance_id: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""

    project_id: Annotated[StrictStr | None, Field(pattern="^[0-9A-Za-z_-]{1,64}$")] = None


class BackupStrategiesDeleteParametersQuery(Wire):
    instance_id: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""

    project_id: Annotated[StrictStr | None, Field(pattern="^[0-9A-Za-z_-]{1,64}$")] = None


class SchedulesListParametersQuery(Wire):
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

    type: Annotated[StrictStr | None, Field(pattern="^[a-z][a-z_]{0,63}$")] = None
    state: Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "NEEDS_OPERATOR"] | None = None
    """The last four are ends."""

    request_id: Annotated[StrictStr | None, Field(max_length=64, min_length=1, pattern="^[0-9A-Za-z_-]+$")] = None


class MgmtInstancesListParametersQuery(Wire):
    limit: Annotated[StrictInt | None, Field(ge=1)] = None
    marker: Annotated[
        StrictStr | None,
        Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$"),
    ] = None
    """A UUID."""

    deleted: Literal["true", "True", "1", "false", "False", "0"] | None = None
    include_clustered: Literal["true", "True", "1", "false", "False", "0"] | None = None
    project_id: Annotated[StrictStr | None, Field(pattern="^[0-9A-Za-z_-]{1,64}$")] = None


class OverLimitFault(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    over_limit: Annotated[OverLimitReason, Field(alias="overLimit")]


class LimitList(Wire):
    limits: Annotated[list[AbsoluteLimits | RateLimit], Field(min_length=1)]
    """The quotas first, then the rates of requests that are limited."""


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
    """Required, but for a datastore that keeps nothing on a volume (a cache), where it is left out."""

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
    configuration: Annotated[StrictStr | None, Field(max_length=2048)] = None
    """Id of a configuration group, or a URL that ends in it."""

    deletion_protection: StrictBool | None = None
    """From 1.1: deleting is refused while it is set."""

    tags: Tags | None = None
    """From 1.1."""

    replica_of: StrictStr | None = None
    """Of an instance with replicas; one that has none is refused (400)."""

    replica_count: Annotated[StrictInt | None, Field(ge=1, le=3)] = None
    """Goes with replica_of."""

    modules: list[ModuleRef] | None = None
    """Not offered (501)."""

    locality: Literal["affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"] | None = None
    """Not offered yet (501)."""


class InstanceCreate(Wire):
    instance: NewInstanceItem


class InstanceDetail(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    status: Literal["BUILD", "ACTIVE", "RESTART_REQUIRED", "REBOOT", "RESIZE", "UPGRADE", "BACKUP", "SHUTDOWN", "ERROR"]
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

    deletion_protection: StrictBool | None = None
    """From 1.1."""

    tags: list[StrictStr] | None = None
    """From 1.1."""

    created: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    updated: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    service_status_updated: Annotated[
        StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")
    ]
    """UTC, to the second, without a zone."""

    fault: InstanceFault | None = None
    configuration: InstanceConfiguration | None = None
    """The configuration group that it has."""

    tls: InstanceTls | None = None
    """From 1.1: how clients know the database; null when it does not serve TLS. With TLS there is no other way in."""


class InstanceDetailList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    instances: list[InstanceDetail]
    links: list[Link] | None = None
    instances_links: list[Link] | None = None


class InstanceShow(Wire):
    instance: InstanceDetail


class MgmtInstance(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    status: Literal["BUILD", "ACTIVE", "RESTART_REQUIRED", "REBOOT", "RESIZE", "UPGRADE", "BACKUP", "SHUTDOWN", "ERROR"]
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

    tenant_id: StrictStr
    """For administrators."""

    deletion_protection: StrictBool | None = None
    """From 1.1."""

    tags: list[StrictStr] | None = None
    """From 1.1."""

    created: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    updated: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    service_status_updated: Annotated[
        StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")
    ]
    """UTC, to the second, without a zone."""

    fault: InstanceFault | None = None
    configuration: InstanceConfiguration | None = None
    """The configuration group that it has."""

    tls: InstanceTls | None = None
    """From 1.1: how clients know the database; null when it does not serve TLS. With TLS there is no other way in."""

    server_id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """Id of the host."""

    server: MgmtServer
    service_status: StrictStr
    """The same as operating_status."""

    deleted: StrictBool
    deleted_at: Time | None
    task_description: StrictStr
    """The operation that is under way."""


class MgmtInstanceList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    instances: list[MgmtInstance]
    links: list[Link] | None = None
    instances_links: list[Link] | None = None


class MgmtInstanceShow(Wire):
    instance: MgmtInstance
