"""The state, addresses and passwords of a cloud, and the sections of configuration that services share."""

import configparser
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local import postgres
from deploy.local.addresses import Addresses
from deploy.local.credentials import REGION, Passwords, write_secret
from deploy.local.state import State

Sections = Mapping[str, Mapping[str, str | int | bool | float]]

QUIET_LIBRARIES = (
    "amqp=WARNING,sqlalchemy=WARNING,oslo_messaging=WARNING,oslo.messaging=WARNING,oslo_policy=ERROR,iso8601=WARNING,"
    "requests.packages.urllib3.connectionpool=WARNING,urllib3.connectionpool=WARNING,websocket=WARNING,"
    "keystonemiddleware=WARNING,routes.middleware=WARNING,stevedore=WARNING,keystoneauth=WARNING,"
    "oslo_service=WARNING,dogpile.core.dogpile=WARNING,oslo_db=WARNING,alembic=WARNING,heat.engine.environment=ERROR,"
    "keystonemiddleware._common.config=ERROR,oslo_config=ERROR,py.warnings=ERROR,keystone.common.password_hashing=ERROR"
)
"""Log levels of libraries: quieter than oslo.log's defaults, without warnings that this kind of set-up always gives."""


class _CasePreservingParser(configparser.RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


@dataclass(frozen=True)
class Context:
    """What the services of one cloud need to configure themselves."""

    state: State
    addresses: Addresses
    passwords: Passwords

    def database_section(self, name: str) -> dict[str, str | int]:
        """Return the section [database] of a service, whose database has its name."""
        return {"connection": postgres.url(self.state, name), "max_pool_size": 10, "max_overflow": 50}

    def auth_section(self, user: str) -> dict[str, str | int | bool]:
        """Return the options with which a user of the project `service` logs in to Keystone."""
        return {
            "auth_type": "password",
            "auth_url": self.addresses.url("keystone", "/v3"),
            "username": user,
            "password": self.passwords.users[user],
            "project_name": "service",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
            "region_name": REGION,
        }

    def authtoken_section(self, user: str) -> dict[str, str | int | bool]:
        """Return the section [keystone_authtoken] of a service user; tokens are cached in the process."""
        return {
            **self.auth_section(user),
            "www_authenticate_uri": self.addresses.url("keystone", "/v3"),
            "service_token_roles_required": True,
            "interface": "internal",
        }

    def write_config(self, service: str, sections: Sections, name: str | None = None) -> Path:
        """Write a configuration file to the service's own secrets directory; return its path."""
        parser = _CasePreservingParser()
        for section, options in sections.items():
            parser[section] = {key: str(value) for key, value in options.items()}
        text = io.StringIO()
        parser.write(text)
        path = self.state.secrets(service) / (name or f"{service}.conf")
        write_secret(path, text.getvalue())
        return path


def log_section() -> dict[str, str | int | bool]:
    """Return options of [DEFAULT] that send the log to standard error, which is the service's log file."""
    return {"use_stderr": True, "default_log_levels": QUIET_LIBRARIES}
