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
"""UTC to the millisecond, without a zone."""


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
    """If the limit of requests is the reason, the response has the rule and the seconds to wait."""

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
    """From 1.2: extensions that a user can add to a database that the user owns (`CREATE EXTENSION`)."""

    links: list[Link]
    active: StrictBool | None = None
    """Shown to administrators; others see active versions only."""

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
    """Id of the version that a request without one gets."""


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
    """-1 is unlimited, in all members."""

    max_ram: StrictInt
    """MB."""

    max_volumes: StrictInt
    """GB."""

    max_backups: StrictInt


class ClusterList(Wire):
    clusters: Annotated[list[dict[str, Any]], Field(max_length=0)]


class RateLimit(Wire):
    """The limit of a project's requests by one method. Each process of the service counts for itself."""

    model_config = ConfigDict(
        extra="forbid",
    )
    verb: Literal["GET", "POST", "PUT", "DELETE"]
    """PATCH counts as PUT."""

    value: Annotated[StrictInt, Field(ge=0)]
    """Requests allowed in a unit."""

    remaining: Annotated[StrictInt, Field(ge=0)]
    """Requests left in this unit."""

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
    """Number of the version"""


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
    """Host that the user may connect from; `%`, the default, is any host."""

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
    """Networks that may reach the database; empty is all."""


class ModuleRef(Wire):
    id: StrictStr


FlavorRef = TypeAliasType("FlavorRef", Annotated[StrictInt, Field(ge=0)])
"""Id of a flavor, or a URL that ends in it. Required."""


FlavorRef1 = TypeAliasType("FlavorRef1", Annotated[StrictStr, Field(max_length=2048, min_length=1)])
"""Id of a flavor, or a URL that ends in it. Required."""


Flavor = TypeAliasType("Flavor", Annotated[StrictInt, Field(ge=0)])
"""openstacksdk's name of flavorRef; ignored if flavorRef is given."""


Flavor1 = TypeAliasType("Flavor1", Annotated[StrictStr, Field(max_length=2048, min_length=1)])
"""openstacksdk's name of flavorRef; ignored if flavorRef is given."""


Tag = TypeAliasType("Tag", Annotated[StrictStr, Field(pattern="^[^,/\\x00-\\x1f\\x7f]{1,60}$")])


Tags = TypeAliasType("Tags", Annotated[list[Tag], Field(max_length=50)])
"""Up to 50 texts of at most 60 characters, without comma, slash and control characters; duplicates are removed."""


class NoOptions(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )


class ResetOptions(Wire):
    """The content is ignored; clients send `force_delete`."""


FlavorRef2 = TypeAliasType("FlavorRef2", Annotated[StrictInt, Field(ge=0)])
"""Id of another flavor, or a URL that ends in it."""


FlavorRef3 = TypeAliasType("FlavorRef3", Annotated[StrictStr, Field(max_length=2048, min_length=1)])
"""Id of another flavor, or a URL that ends in it."""


Volume = TypeAliasType("Volume", Annotated[StrictInt, Field(ge=1, le=2147483647)])
"""The new size, of a source's replicas, too; openstacksdk sends the number alone. A replica is refused (400)."""


class NewSize(Wire):
    """Either of them."""

    model_config = ConfigDict(
        extra="forbid",
    )
    flavor_ref: Annotated[FlavorRef2 | FlavorRef3 | None, Field(alias="flavorRef")] = None
    """Id of another flavor, or a URL that ends in it."""

    volume: NewVolume | Volume | None = None
    """The new size, of a source's replicas, too; openstacksdk sends the number alone. A replica is refused (400)."""


FlavorRef4 = TypeAliasType("FlavorRef4", Annotated[StrictInt, Field(ge=0)])
"""Id of another flavor, or a URL that ends in it."""


FlavorRef5 = TypeAliasType("FlavorRef5", Annotated[StrictStr, Field(max_length=2048, min_length=1)])
"""Id of another flavor, or a URL that ends in it."""


class RollResize(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    flavor_ref: Annotated[FlavorRef4 | FlavorRef5, Field(alias="flavorRef")]
    """Id of another flavor, or a URL that ends in it."""


class AccessUpdate(Wire):
    """What is left out stays."""

    model_config = ConfigDict(
        extra="forbid",
    )
    is_public: StrictBool | None = None
    allowed_cidrs: list[AllowedCidr] | None = None
    """Networks that may reach the database; empty is all. Open sessions are not closed."""


class Failover(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    automatic: StrictBool | None = None
    """Whether a replica takes the place of a primary that is lost without being asked to."""

    mode: Literal["asynchronous", "synchronous"] | None = None
    """A commit is acknowledged once it is on the primary's disk, or on the disks of `quorum` replicas, too."""

    quorum: Annotated[StrictInt | None, Field(ge=1, le=15)] = None
    """In synchronous mode; at most the number of replicas."""

    max_lag_bytes: Annotated[StrictInt | None, Field(ge=0)] = None
    """In asynchronous mode: bytes of log that the new primary may lack for an automatic failover; null: any number."""

    below_quorum: Literal["wait", "continue"] | None = None
    """In synchronous mode, while fewer than `quorum` replicas follow: writes wait for them, or wait for none."""


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
    """Id or name; the instance's own version installs its software again."""

    configuration: Annotated[StrictStr | None, Field(max_length=2048)] = None
    """Id of a configuration group to attach, or a URL that ends in it; null detaches. Refused for a replica."""

    replica_of: StrictStr | None = None
    """Null or an empty text detaches a replica from its source."""

    slave_of: StrictStr | None = None
    """Old name of replica_of."""

    deletion_protection: StrictBool | None = None
    """From 1.1."""

    tags: Annotated[list[Tag] | None, Field(max_length=50)] = None
    """From 1.1: replaces all tags."""

    failover: Failover | None = None
    """From 1.2: the policy of the instance's group; fields that are left out stay."""


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


class InstanceReference(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    links: list[Link]


class Follower(Wire):
    """A replica of the instance."""

    model_config = ConfigDict(
        extra="forbid",
    )
    role: Literal["primary", "replica"]
    state: Literal["serving", "read_only", "following", "disconnected", "stopped"] | None
    """Of a primary: serving, read_only or stopped; of a replica: following, disconnected or stopped."""

    lag_seconds: StrictFloat | None
    """How old a replica's data is, in seconds; of one that does not follow, the time since its last contact."""

    lag_bytes: StrictInt | None
    """Bytes of the source's log that a replica has not replayed; of one that does not follow, those kept for it."""

    sync_state: Literal["sync", "async"] | None
    """Whether writes wait for this replica."""

    last_contact: Time | None
    """When a replica last heard of its source."""

    problem: StrictStr | None
    """Why a replica does not follow."""

    observed: Time | None
    """When the service saw it so; null before it has."""

    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""


class InstanceReplication(Wire):
    """The instance in its group as the service saw it last. Null is what is not known, or not told of its role."""

    model_config = ConfigDict(
        extra="forbid",
    )
    role: Literal["primary", "replica"]
    state: Literal["serving", "read_only", "following", "disconnected", "stopped"] | None
    """Of a primary: serving, read_only or stopped; of a replica: following, disconnected or stopped."""

    lag_seconds: StrictFloat | None
    """How old a replica's data is, in seconds; of one that does not follow, the time since its last contact."""

    lag_bytes: StrictInt | None
    """Bytes of the source's log that a replica has not replayed; of one that does not follow, those kept for it."""

    sync_state: Literal["sync", "async"] | None
    """Whether writes wait for this replica."""

    last_contact: Time | None
    """When a replica last heard of its source."""

    problem: StrictStr | None
    """Why a replica does not follow."""

    observed: Time | None
    """When the service saw it so; null before it has."""

    followers: list[Follower]
    """The replicas of a primary."""


class InstanceFailover(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    automatic: StrictBool
    mode: Literal["asynchronous", "synchronous"]
    quorum: StrictInt
    max_lag_bytes: StrictInt | None
    below_quorum: Literal["wait", "continue"]
    guarantee: StrictStr
    """What a failover may lose, in words."""

    alone_since: StrictStr | None
    """Since when the source has writes that too few replicas have, below_quorum being continue."""


class InstanceTls(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    ca_certificate: StrictStr
    """PEM certificates of the authorities to trust; the database's certificate names the instance's addresses."""

    certificate_expires: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """When the database's certificate ends; it is renewed before."""


class InstanceEndpoint(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    kind: Literal["primary", "readers"]
    """What it leads to: the instance that takes writes, or the replicas; without any, the primary."""

    addresses: list[InstanceAddress]
    port: StrictInt


class ConnectionString(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    to: Literal["instance", "primary", "readers", "members"]
    """This instance, an endpoint, or all members, of which the driver finds the one to write to."""

    form: StrictStr
    """`uri` or `jdbc`, by the datastore."""

    text: StrictStr


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
    """Always 0; resources are in use from acceptance on."""

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
    """The version's own name; another one is not supported (501)."""

    datastore_manager: StrictStr | None = None
    """The datastore's name; accepted for the clients' sake."""

    image: StrictStr | None = None
    """The substrate decides the image; accepted for the clients' sake."""

    image_tags: list[StrictStr] | None = None
    """The substrate decides the image; accepted for the clients' sake."""

    packages: StrictStr | list[StrictStr] | None = None
    """The datastore decides the packages; accepted for the clients' sake."""

    registry_ext: StrictStr | None = None
    """Ignored; accepted for the clients' sake."""

    repl_strategy: StrictStr | None = None
    """Ignored; accepted for the clients' sake."""

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
    """The substrate decides the image; accepted for the clients' sake."""

    packages: StrictStr | list[StrictStr] | None = None
    """The datastore decides the packages; accepted for the clients' sake."""

    registry_ext: StrictStr | None = None
    """Ignored; accepted for the clients' sake."""

    repl_strategy: StrictStr | None = None
    """Ignored; accepted for the clients' sake."""

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
    """Whether a change takes effect only after a restart."""

    type: Literal["integer", "string", "boolean", "float"]
    min: StrictFloat | None = None
    """In `unit`; absent if there is no bound."""

    max: StrictFloat | None = None
    """In `unit`; absent if there is no bound."""

    description: StrictStr | None = None
    """From 1.1."""

    unit: StrictStr | None = None
    """From 1.1: the unit of a plain number. A text of number and unit (`64MB`, `30s`) is accepted, too."""

    choices: list[StrictStr] | None = None
    """From 1.1: the allowed values."""


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
    """Number of the version"""


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
    """Number of instances that have the group."""

    values: dict[str, Any]
    """Secret values are masked."""


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
    """From 1.1: whether the instance has the group's newest values, or an operation is applying them."""


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
"""Host that the user may connect from; `%` is any host, and the only value if the datastore's users have no host."""


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


class Certificate(Wire):
    """The certificate that the database shows; null if it serves no TLS."""

    model_config = ConfigDict(
        extra="forbid",
    )
    cn: StrictStr
    """Common name of its subject."""

    expire_at: StrictStr | None
    """ISO time in UTC."""

    san: list[StrictStr] | None
    """Its alternative names."""

    payload: StrictStr | None = None
    """The certificate with its chain in PEM."""


class Ssl(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    status: Literal["on", "off"]
    """Whether the database serves TLS."""

    mode: Literal["builtin", "basic", "enforced", "mtls"]
    certificate: Certificate | None
    """The certificate that the database shows; null if it serves no TLS."""


class InstanceSslShow(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    ssl: Ssl


class Ssl1(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    enable: StrictBool | None = None
    disable: StrictBool | None = None
    rollback: StrictBool | None = None
    container_ref: Annotated[StrictStr | None, Field(max_length=255)] = None
    """Reference of the Barbican secret that has the PKCS#12 file; needed to enable."""

    password_ref: Annotated[StrictStr | None, Field(max_length=255)] = None
    """Reference of the Barbican secret that has the file's password."""

    mode: Literal["basic", "enforced", "mtls"] | None = None
    """basic, the default, takes plain connections, too; mtls only clients with a certificate."""


class InstanceSslChange(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    ssl: Ssl1


class Ssl2(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    status: Literal["on", "off"]
    mode: Literal["builtin", "basic", "enforced", "mtls"]
    restart_required: StrictBool
    """Whether it is in force after the instance's restart only."""


class InstanceSslChanged(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    ssl: Ssl2


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
    """Bytes of the log that are not published yet."""

    container: StrictStr
    """Swift container of the published log; None before."""

    prefix: StrictStr
    """Prefix of the names of its objects; None before."""

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
    """URL of the object `data` of a full backup in the project's Swift account, with its other objects beside it."""

    local_datastore_version_id: Annotated[StrictStr, Field(max_length=255)]
    """Id of this service's datastore version with the release of the backup."""

    size: Annotated[StrictFloat | None, Field(ge=0.0, le=100000.0)]
    """Least volume size in GB to restore to; raised to the size of the data if less."""


class NewBackupItem(Wire):
    name: Annotated[
        StrictStr, Field(max_length=255, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]*[0-9A-Za-z][^\\x00-\\x1f\\x7f]*$")
    ]
    """1 to 255 characters with a letter or digit of ASCII among them, without control characters."""

    instance: Id | None = None
    """Id of an ACTIVE instance. Required without restore_from."""

    description: Annotated[StrictStr | None, Field(max_length=4096, pattern="^[^\\x00]*$")] = None
    incremental: Annotated[StrictInt | None, Field(ge=0, le=1)] = None
    """1 = copy only what changed since the newest backup; 501 if the datastore lacks the capability."""

    parent_id: Id | None = None
    """Id of the COMPLETED backup of the same instance that an incremental backup builds on."""

    swift_container: Annotated[StrictStr | None, Field(max_length=255)] = None
    """Checked but ignored: backups are stored in the service's own account."""

    storage_driver: Literal["swift", "cinder"] | None = None
    """cinder is not offered (501)."""

    from_: Annotated[Literal["replica", "primary", "any"] | None, Field(alias="from")] = None
    """From 1.2: the member of the group to back up: the replica least behind, the primary, or whichever is there."""

    restore_from: RestoreFrom | None = None
    """A backup of another service to import, in place of an instance. It is copied and verified, then RESTORED."""


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
    """Null for an imported backup."""

    created: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    updated: Annotated[StrictStr, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
    """UTC, to the second, without a zone."""

    size: StrictFloat | None
    """Size of the stored objects in GB."""

    status: Literal["NEW", "BUILDING", "COMPLETED", "FAILED", "RESTORED", "DELETE_FAILED"]
    parent_id: Id | None
    """The backup that an incremental one builds on."""

    project_id: StrictStr
    schedule_id: Id | None = None
    """From 1.1. The schedule that created the backup."""

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
    """Seconds for which the URLs are valid; 3600 if absent."""


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
    """GET returns the backup as one stream."""

    instructions_url: StrictStr
    """GET returns restore.json, which says how to restore with stock tools."""

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
    """Instance of the strategy; empty for the project's default."""


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
"""Every n-th backup is full, the others are incremental; 1 = all are full."""


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
    """1 if absent."""

    keep_count: Annotated[StrictInt | None, Field(ge=1, le=10000)] = None
    """Number of the newest backups to keep; null = no such rule."""

    keep_days: Annotated[StrictInt | None, Field(ge=1, le=36500)] = None
    """Backups younger than this number of days are kept; null = no such rule."""


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
    """Number of the newest backups to keep; null = no such rule."""

    keep_days: Annotated[StrictInt | None, Field(ge=1, le=36500)] = None
    """Backups younger than this number of days are kept; null = no such rule."""


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
    """The newest backup that the schedule created."""

    last_error: StrictStr | None
    """Why the last run created no backup; null if it created one."""

    missed_runs: StrictInt
    """Number of runs that created no backup."""

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
    """UTC to the millisecond, without a zone."""

    ended: PreciseTime | None
    attempts: Annotated[StrictInt, Field(ge=1)]
    error: StrictStr | None


class OperationEvent(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    event: Literal["accepted", "started", "noted", "undoing", "ended"]
    """`noted`: `detail` is what the operation did that its owner should know of."""

    at: Annotated[StrictStr, Field(pattern="^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}$")]
    """UTC to the millisecond, without a zone."""

    user_id: StrictStr
    """In whose name."""

    request_id: StrictStr
    """Id of the accepted request."""

    state: Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "NEEDS_OPERATOR"]
    """The last four are ends."""

    detail: StrictStr | None
    """Why the operation is being undone or has failed."""


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
    """Id of the accepted request."""

    user_id: StrictStr
    created: Annotated[StrictStr, Field(pattern="^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}$")]
    """UTC to the millisecond, without a zone."""

    started: PreciseTime | None
    ended: PreciseTime | None
    deadline: Annotated[StrictStr, Field(pattern="^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}$")]
    """UTC to the millisecond, without a zone."""

    error: OperationError | None
    """Why the operation failed or is being undone."""

    progress: OperationProgress | None
    """Progress of the running job."""


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
    """Id of the accepted request."""

    user_id: StrictStr
    created: Annotated[StrictStr, Field(pattern="^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}$")]
    """UTC to the millisecond, without a zone."""

    started: PreciseTime | None
    ended: PreciseTime | None
    deadline: Annotated[StrictStr, Field(pattern="^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}$")]
    """UTC to the millisecond, without a zone."""

    error: OperationError | None
    """Why the operation failed or is being undone."""

    progress: OperationProgress | None
    """Progress of the running job."""

    steps: list[OperationStep]
    events: list[OperationEvent]
    """The operation's audit events, oldest first."""


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


class SslShowParametersQuery(Wire):
    include_certificate: StrictBool | None = False


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
    """The quotas first, then the limits of requests."""


class NewInstanceItem(Wire):
    name: Annotated[
        StrictStr, Field(max_length=255, min_length=1, pattern="^[^\\x00-\\x1f\\x7f]*[0-9A-Za-z][^\\x00-\\x1f\\x7f]*$")
    ]
    """1 to 255 characters with a letter or digit of ASCII among them, without control characters."""

    flavor_ref: Annotated[FlavorRef | FlavorRef1 | None, Field(alias="flavorRef")] = None
    """Id of a flavor, or a URL that ends in it. Required."""

    flavor: Flavor | Flavor1 | None = None
    """openstacksdk's name of flavorRef; ignored if flavorRef is given."""

    volume: NewVolume | None = None
    """Required if the datastore has a volume, else not allowed (a cache)."""

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
    """Id of the instance to replicate, from which the new one has flavor, volume, datastore and configuration group."""

    replica_count: Annotated[StrictInt | None, Field(ge=1, le=3)] = None
    """Goes with replica_of."""

    failover: Failover | None = None
    """From 1.2: the policy of the group that the first replicas make."""

    modules: list[ModuleRef] | None = None
    """Not offered (501)."""

    locality: Literal["affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"] | None = None
    """Not offered yet (501)."""


class InstanceCreate(Wire):
    instance: NewInstanceItem


class Roll(Wire):
    """One change, of a source and all its replicas."""

    model_config = ConfigDict(
        extra="forbid",
    )
    restart: NoOptions | None = None
    resize: RollResize | None = None
    upgrade: NoOptions | None = None
    """The software of the members' own version is installed again."""


class InstanceItem(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    status: Literal[
        "BUILD",
        "ACTIVE",
        "RESTART_REQUIRED",
        "REBOOT",
        "RESIZE",
        "UPGRADE",
        "BACKUP",
        "PROMOTE",
        "EJECT",
        "DETACH",
        "SHUTDOWN",
        "ERROR",
    ]
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

    replica_of: InstanceReference | None = None
    """The source of a replica."""

    replicas: list[InstanceReference] | None = None
    """The replicas of a source."""

    deletion_protection: StrictBool | None = None
    """From 1.1."""

    tags: list[StrictStr] | None = None
    """From 1.1."""

    failover: InstanceFailover | None = None
    """From 1.2: the policy of the instance's group; absent without one."""

    replication: InstanceReplication | None = None
    """From 1.2: how the instance does in its replication group; null if it is in none."""


class InstanceDetail(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    status: Literal[
        "BUILD",
        "ACTIVE",
        "RESTART_REQUIRED",
        "REBOOT",
        "RESIZE",
        "UPGRADE",
        "BACKUP",
        "PROMOTE",
        "EJECT",
        "DETACH",
        "SHUTDOWN",
        "ERROR",
    ]
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

    replica_of: InstanceReference | None = None
    """The source of a replica."""

    replicas: list[InstanceReference] | None = None
    """The replicas of a source."""

    deletion_protection: StrictBool | None = None
    """From 1.1."""

    tags: list[StrictStr] | None = None
    """From 1.1."""

    failover: InstanceFailover | None = None
    """From 1.2: the policy of the instance's group; absent without one."""

    replication: InstanceReplication | None = None
    """From 1.2: how the instance does in its replication group; null if it is in none."""

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
    """The configuration group of the instance."""

    tls: InstanceTls | None = None
    """From 1.1: how clients verify the database; null if it has no TLS. With TLS, all connections need it."""

    endpoints: list[InstanceEndpoint] | None = None
    """From 1.2: addresses that lead to the group's primary and replicas; empty without a group."""

    connection_strings: list[ConnectionString] | None = None
    """From 1.2: what a client's driver is given to connect; user, password and database are to be added."""


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


class MgmtInstance(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """A UUID."""

    name: StrictStr
    status: Literal[
        "BUILD",
        "ACTIVE",
        "RESTART_REQUIRED",
        "REBOOT",
        "RESIZE",
        "UPGRADE",
        "BACKUP",
        "PROMOTE",
        "EJECT",
        "DETACH",
        "SHUTDOWN",
        "ERROR",
    ]
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

    replica_of: InstanceReference | None = None
    """The source of a replica."""

    replicas: list[InstanceReference] | None = None
    """The replicas of a source."""

    deletion_protection: StrictBool | None = None
    """From 1.1."""

    tags: list[StrictStr] | None = None
    """From 1.1."""

    failover: InstanceFailover | None = None
    """From 1.2: the policy of the instance's group; absent without one."""

    replication: InstanceReplication | None = None
    """From 1.2: how the instance does in its replication group; null if it is in none."""

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
    """The configuration group of the instance."""

    tls: InstanceTls | None = None
    """From 1.1: how clients verify the database; null if it has no TLS. With TLS, all connections need it."""

    endpoints: list[InstanceEndpoint] | None = None
    """From 1.2: addresses that lead to the group's primary and replicas; empty without a group."""

    connection_strings: list[ConnectionString] | None = None
    """From 1.2: what a client's driver is given to connect; user, password and database are to be added."""

    server_id: Annotated[
        StrictStr, Field(pattern="^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$")
    ]
    """Id of the host."""

    server: MgmtServer
    service_status: StrictStr
    """Value of operating_status."""

    deleted: StrictBool
    deleted_at: Time | None
    task_description: StrictStr
    """Type of the active operation."""


class MgmtInstanceList(Wire):
    model_config = ConfigDict(
        extra="forbid",
    )
    instances: list[MgmtInstance]
    links: list[Link] | None = None
    instances_links: list[Link] | None = None


class MgmtInstanceShow(Wire):
    instance: MgmtInstance


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
    """Of a replica; it becomes the source of all others. An instance that is none is refused (400)."""

    eject_replica_source: NoOptions | None = None
    """Of a source that does not serve: a replica takes its place. Any other is refused (400)."""

    rebuild_replica: NoOptions | None = None
    """From 1.2: a replica, in any status, gets a copy of its source's data. Any other instance is refused (400)."""

    roll: Roll | None = None
    """From 1.2, of a source: its replicas are changed, one takes its place, then it is changed."""
