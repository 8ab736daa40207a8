"""Barbican: the tenants' secrets, on a SQLite file, in one process. Only clouds that were started with it have it.

SQLite serves one writer, and its schema is made at the start: neither `barbican-manage db upgrade` nor payloads in
PostgreSQL work with SQLAlchemy 2.1.
"""

import os
import sys
from pathlib import Path

from cryptography.fernet import Fernet

from deploy.local import http
from deploy.local.addresses import PORTS
from deploy.local.credentials import own_secret
from deploy.local.services.context import Context, Sections, log_section

NAME = "barbican"
_SHARE = Path(sys.prefix) / "etc" / "barbican"
"""Directory of the data files of Barbican's wheel."""


def run(context: Context) -> None:
    """Serve the key manager's API; never returns.

    Barbican's plugins read the configuration anew, from the home directory.
    """
    home = context.state.secrets(NAME)
    os.environ["HOME"] = str(home)
    (context.state.data / NAME).mkdir(mode=0o700, exist_ok=True)
    context.write_config(NAME, _sections(context), ".barbican/barbican.conf")
    sys.argv = ["barbican"]
    http.wait_for(context.addresses.control, PORTS["keystone"], "/v3")
    import waitress
    from paste import deploy

    application = deploy.loadapp(f"config:{_pipeline(home)}")
    waitress.serve(application, host=context.addresses.control, port=PORTS[NAME], threads=1, _quiet=True)


def password(context: Context) -> str:
    """Return the password of Barbican's own user."""
    return own_secret(context.state, NAME, "password")


def _pipeline(directory: Path) -> Path:
    """Write Barbican's pipeline, whose check of tokens gets a configuration of its own: Barbican replaces oslo.config's
    global one, in which keystonemiddleware has registered its options."""
    filters = (_SHARE / "barbican-api-paste.ini").read_text()
    path = directory / "paste.ini"
    check = "paste.filter_factory = keystonemiddleware.auth_token:filter_factory\n"
    path.write_text(filters.replace(check, f"{check}oslo_config_project = {NAME}\n"))
    return path


def _sections(context: Context) -> Sections:
    state = context.state
    login = {**context.authtoken_section("trove"), "username": NAME, "password": password(context)}
    return {
        "DEFAULT": {
            **log_section(),
            "host_href": context.addresses.url(NAME),
            "db_auto_create": True,
        },
        "database": {"connection": f"sqlite:///{state.data / NAME / 'barbican.sqlite'}"},
        "queue": {"enable": False},
        "secretstore": {"enabled_secretstore_plugins": "store_crypto"},
        "crypto": {"enabled_crypto_plugins": "simple_crypto"},
        "simple_crypto_plugin": {"kek": own_secret(state, NAME, "kek", Fernet.generate_key().decode())},
        "keystone_authtoken": login,
    }
