"""Settings of a function: environment variables TROVE_<NAME>, or files `trove_<name>` in TROVE_SECRETS_DIR.

Each function group is given only what it needs; a setting that a group lacks is None, and `require` says so by name.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, FilePath, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from functions.runtime.errors import TroveError


class Settings(BaseSettings):
    """All settings, by the group that needs them."""

    model_config = SettingsConfigDict(env_prefix="trove_", extra="ignore")

    # every group
    group: Literal["entrypoint", "cloud", "hosts"] = "entrypoint"
    """Which function group this process serves."""
    database_url: SecretStr | None = None
    """SQLAlchemy URL of the state database (postgresql+psycopg2:// or mysql+pymysql://)."""
    seal_keys: SecretStr | None = None
    """Comma-separated Fernet keys; the first seals, all open (rotation: put the new one first)."""
    token_public_key: SecretStr | None = None
    """PEM Ed25519 public key: verifies operation tokens."""
    log_level: str = "INFO"

    # entrypoint and cloud
    token_private_key: SecretStr | None = None
    """PEM Ed25519 private key: signs operation tokens."""
    os_auth_url: str | None = None
    os_username: str | None = None
    os_password: SecretStr | None = None
    os_project_name: str | None = None
    os_user_domain_name: str = "Default"
    os_project_domain_name: str = "Default"
    os_region_name: str = "RegionOne"
    function_urls: dict[str, str] = {}
    """Base URL of the service that runs a step, by the step's noun: {"stack": "http://...", ...}."""

    # entrypoint and hosts
    tls_ca_certificate: str | None = None
    """PEM certificates: that of `tls_ca_key`, those above it up to the root, then other roots for tenants to trust."""

    # entrypoint
    flavors_file: Path = Path("deploy/heat/substrates/flavors.yaml")
    default_datastore: str = "postgresql"
    unavailable_versions: tuple[str, ...] = ()
    """Ids of datastore versions that this installation's hosts cannot run: they are offered to nobody."""
    policy_file: FilePath | None = None
    """YAML file of oslo.policy rules that replace the defaults."""
    max_request_bytes: int = 1_048_576
    """Largest body of a request."""
    page_size: int = Field(default=20, ge=1)
    """Items of a page of a list, when none or more are asked for."""
    waiting_requests: int = Field(default=8, ge=1)
    """Requests of a process that wait for their operation's end at once; further ones are answered before it. Half of
    the threads leaves room for all other requests."""
    rate_limit_get: int = 200
    """Requests a minute of a project by this method, counted by each process for itself; -1 = unlimited."""
    rate_limit_post: int = 200
    rate_limit_put: int = 200
    """PATCH counts as PUT."""
    rate_limit_delete: int = 200
    max_volume_size: int = 10
    """Largest volume of an instance, GB."""
    quota_instances: int = 10
    quota_volumes: int = 40
    """GB of volumes a project may have."""
    quota_backups: int = 50
    quota_ram: int = -1
    """MB of memory a project may have; -1 = unlimited."""

    # cloud
    heat_environment: Path = Path("deploy/heat/substrates/local.yaml")
    """The substrate: a Heat environment that maps Trove::Host."""
    tempurl_key: SecretStr | None = None
    """Key of the service account's TempURLs."""

    operation_retention_days: int = Field(default=90, ge=0)
    """Days after which an ended operation and its steps are removed; 0 = never. Its audit events must have gone."""
    audit_retention_days: int = Field(default=90, ge=0)
    """Days after which the audit events of ended operations are removed; 0 = never."""

    # hosts
    ssh_user_ca_key: SecretStr | None = None
    ssh_host_ca_key: SecretStr | None = None
    tls_ca_key: SecretStr | None = None
    """PEM private key (unencrypted) that signs the certificates of the databases."""


class SettingMissing(TroveError):
    """This function group was not given a setting it needs."""


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The process's settings, read once.

    Raises:
        pydantic.ValidationError: a variable does not fit its type.
    """
    secrets_dir = os.environ.get("TROVE_SECRETS_DIR")
    return Settings(_secrets_dir=secrets_dir)


def require(name: str) -> str:
    """The value of a setting that must be there.

    Raises:
        SettingMissing: it is not set for this function group.
    """
    settings = get_settings()
    value = getattr(settings, name)
    if value is None:
        raise SettingMissing(f"set TROVE_{name.upper()} (or the file trove_{name}) for the group {settings.group!r}")
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
