"""Keystone: schema, keys, first contents and the API, in one process.

keystone-manage would need four processes for schema, keys and contents, each with all imports.
"""

import os
import sys
from importlib.metadata import version
from pathlib import Path

from deploy.local import postgres
from deploy.local.addresses import PORTS
from deploy.local.services.context import Context, Sections, log_section
from deploy.local.services.wsgi import serve

CONTENTS_VERSION = "1"
"""Version of what `bootstrap` creates. Raise it so that existing state directories get new contents."""


def run(context: Context) -> None:
    """Serve the identity API; never returns."""
    config = _configure(context)
    from keystone.common.sql import upgrades
    from keystone.server import backends, configure
    from keystone.server.flask import application, core

    configure(config_files=[str(config)])
    marker, expected = postgres.marker(context.state, "keystone"), f"{version('keystone')}/{CONTENTS_VERSION}"
    finished = marker.exists() and marker.read_text() == expected
    if not finished:
        upgrades.offline_sync_database_to_version()
        _make_keys()
    backends.load_backends()
    if not finished:
        from deploy.local.bootstrap import bootstrap

        bootstrap(context)
        marker.write_text(expected)
    serve(
        core.setup_app_middleware(application.application_factory("public")),
        context.addresses.control,
        PORTS["keystone"],
    )


def _configure(context: Context) -> Path:
    keys = context.state.data / "keystone"
    sections: Sections = {
        "DEFAULT": {**log_section(), "public_endpoint": context.addresses.url("keystone")},
        "database": context.database_section("keystone"),
        "token": {"provider": "fernet", "expiration": 14400},
        "fernet_tokens": {"key_repository": str(keys / "fernet-keys")},
        "fernet_receipts": {"key_repository": str(keys / "receipt-keys")},
        "credential": {"key_repository": str(keys / "credential-keys")},
        "cache": {"enabled": True, "backend": "oslo_cache.dict"},
        "identity": {"password_hash_rounds": 4},
    }
    path = context.write_config("keystone", sections)
    os.environ["OS_KEYSTONE_CONFIG_FILES"] = str(path)
    sys.argv = ["keystone"]
    return path


def _make_keys() -> None:
    import keystone.conf
    from keystone.common import fernet_utils

    conf = keystone.conf.CONF
    for group, active in (("fernet_tokens", 3), ("fernet_receipts", 3), ("credential", 3)):
        repository = conf[group].key_repository
        Path(repository).parent.mkdir(mode=0o700, exist_ok=True)
        utils = fernet_utils.FernetUtils(repository, active, group)
        utils.create_key_directory()
        if utils.validate_key_repository(requires_write=True):
            utils.initialize_key_repository()
