"""Settings of a function: environment variables TROVE_<NAME>, or files `trove_<name>` in TROVE_SECRETS_DIR.

Each function group is given only what it needs; a setting that a group lacks is None, and `require` raises for it. The
limits, which have defaults everywhere, are in `functions.base.limits`.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import FilePath, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from functions.base.errors import TroveError
from functions.base.limits import Limits


class Settings(Limits, BaseSettings):
    """All settings: the limits, and what an installation must say, by the function group that needs it."""

    model_config = SettingsConfigDict(env_prefix="trove_", extra="ignore", defer_build=False)

    # every group
    group: Literal["entrypoint", "control", "hosts"] = "entrypoint"
    """Which function group this process serves."""
    database_url: SecretStr | None = None
    """SQLAlchemy URL of the state database (postgresql+psycopg2:// or mysql+pymysql://)."""
    seal_keys: SecretStr | None = None
    """Comma-separated Fernet keys; the first seals, all open (rotation: put the new one first)."""
    token_public_key: SecretStr | None = None
    """PEM Ed25519 public key: verifies operation tokens."""
    log_level: str = "INFO"
    """Least severe level that is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL."""

    # entrypoint and control
    token_private_key: SecretStr | None = None
    """PEM Ed25519 private key: signs operation tokens."""
    os_auth_url: str | None = None
    """URL of Keystone; the other `os_*` name the service user and its project there."""
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
    """YAML file of the flavors that tenants can choose."""
    default_datastore: str = "postgresql"
    """Name of the datastore of an instance for which none is asked."""
    unavailable_versions: tuple[str, ...] = ()
    """Ids of datastore versions that this installation's hosts cannot run: no project is offered them."""
    policy_file: FilePath | None = None
    """YAML file of oslo.policy rules that replace the defaults."""

    # control
    heat_environment: Path = Path("deploy/heat/substrates/local.yaml")
    """The substrate: a Heat environment that maps Trove::Host."""
    tempurl_key: SecretStr | None = None
    """Key of the service account's TempURLs."""

    # hosts
    ssh_user_ca_key: SecretStr | None = None
    """OpenSSH private key (Ed25519, unencrypted) that signs the certificates with which steps log in to hosts."""
    ssh_host_ca_key: SecretStr | None = None
    """OpenSSH private key (Ed25519, unencrypted) that signs the hosts' certificates."""
    tls_ca_key: SecretStr | None = None
    """PEM private key (unencrypted) that signs the certificates of the databases."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave out .env files: none are used, and looking up each field in them takes a millisecond."""
        return init_settings, env_settings, file_secret_settings


class SettingMissing(TroveError):
    """The function group was not given a setting that it needs."""


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the process's settings, which are read at the first call.

    Raises:
        pydantic.ValidationError: a variable does not fit its type.
    """
    secrets_dir = os.environ.get("TROVE_SECRETS_DIR")
    return Settings(_secrets_dir=secrets_dir)


def require(name: str) -> str:
    """Return the value of a setting that the function group must have.

    Raises:
        SettingMissing: the setting is not set for this function group.
    """
    settings = get_settings()
    value = getattr(settings, name)
    if value is None:
        raise SettingMissing(f"set TROVE_{name.upper()} (or the file trove_{name}) for the group {settings.group!r}")
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
