"""The spec of an instance: what its tenant asked for, operations change, and undoing restores."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from datastores.protocol.tls import TlsMode


class Access(BaseModel):
    """Who may reach the database. None was not asked for: not public, and no CIDR is excluded."""

    model_config = ConfigDict(frozen=True)

    is_public: bool | None = None
    allowed_cidrs: list[str] | None = None


class TlsChoice(BaseModel):
    """How clients come in with TLS: a mode, and the certificate that the tenant brought; None: the service's own."""

    model_config = ConfigDict(frozen=True)

    mode: TlsMode = TlsMode.BUILTIN
    certificate_id: str | None = None


class InstanceSpec(BaseModel):
    """What was asked for of an instance; memory in MB, volume in GB."""

    model_config = ConfigDict(frozen=True)

    datastore_version_id: str
    flavor_id: str
    flavor_name: str
    memory_mb: int
    cpus: int
    volume_size: int
    access: Access = Access()
    configuration_id: str | None = None
    configuration_values: dict[str, Any] = {}
    """The configuration group's values, which override the defaults of the flavor."""
    enabled_logs: list[str] = []
    """The logs of type USER that the engine must write."""
    tls: TlsChoice | None = None
    """The tenant's choice of TLS; None: TLS only, with the service's own certificate."""
    tls_before: TlsChoice | None = None
    """The choice before this one, for going back; None: there was none."""

    def but(self, **changes: Any) -> "InstanceSpec":  # noqa: ANN401 - values of the fields
        """Return a copy of the spec with other values. Raises pydantic.ValidationError."""
        return InstanceSpec.model_validate(self.model_dump() | changes)
