"""The three function services: the production image's server and WSGI module, as child processes."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import deploy
from datastores.catalog import catalog
from deploy.local import processes
from deploy.local.addresses import PORTS
from deploy.local.credentials import REGION
from deploy.local.engines import trees
from deploy.local.engines.availability import unavailable_ids
from deploy.local.services.context import Context
from functions.framework import registry

GROUPS = ("entrypoint", *registry.GROUPS)

RATE_LIMIT = 100_000
"""Requests a minute that a project may send by each method: far above the default, for a cloud with one user."""

DRAIN_SECONDS = 5
"""Seconds after SIGTERM in which requests are answered: less than the supervisor's STOP_LIMIT."""

LOGIN_GROUPS = ("entrypoint", "control")
"""Groups that log in to Keystone; the group `hosts` does not."""

ROOT = Path(deploy.__file__).parent.parent


def runner(context: Context, group: str) -> Callable[[], None]:
    """Return a function that executes the server of a group."""
    return processes.program([sys.executable, "-m", "deploy.image"], environment(context, group), ROOT)


def urls(context: Context) -> dict[str, str]:
    """Return the base URL of the service that runs each noun's steps."""
    return {noun: context.addresses.url(group) for noun, group in registry.nouns().items()}


def environment(context: Context, group: str) -> dict[str, str]:
    """Return the environment variables of a group. None is secret: secrets are in files."""
    addresses = context.addresses
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(context.state.run),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "HOST": addresses.control,
        "PORT": str(PORTS[group]),
        "TROVE_GROUP": group,
        "TROVE_SERVER_DRAIN_SECONDS": str(DRAIN_SECONDS),
        "TROVE_SECRETS_DIR": str(context.state.secrets(group)),
        "TROVE_FUNCTION_URLS": json.dumps(urls(context)),
        "TROVE_HEAT_ENVIRONMENT": str(ROOT / "deploy" / "heat" / "substrates" / "local.yaml"),
        **{f"TROVE_RATE_LIMIT_{verb}": str(RATE_LIMIT) for verb in ("GET", "POST", "PUT", "DELETE")},
        "TROVE_FLAVORS_FILE": str(ROOT / "deploy" / "heat" / "substrates" / "flavors.yaml"),
    }
    if group == "entrypoint":
        variables["TROVE_UNAVAILABLE_VERSIONS"] = json.dumps(unavailable_ids(catalog(), trees.directory()))
    return {**variables, **_login(context), **_overrides()} if group in LOGIN_GROUPS else {**variables, **_overrides()}


def _login(context: Context) -> dict[str, str]:
    return {
        "TROVE_OS_AUTH_URL": context.addresses.url("keystone", "/v3"),
        "TROVE_OS_USERNAME": "trove",
        "TROVE_OS_PROJECT_NAME": "service",
        "TROVE_OS_USER_DOMAIN_NAME": "Default",
        "TROVE_OS_PROJECT_DOMAIN_NAME": "Default",
        "TROVE_OS_REGION_NAME": REGION,
    }


def _overrides() -> dict[str, str]:
    """Return the limits that the environment of trovectl sets."""
    names = ("TROVE_LOG_LEVEL", "TROVE_DEFAULT_DATASTORE", "TROVE_MAX_VOLUME_SIZE", "TROVE_PAGE_SIZE")
    kinds = ("TROVE_QUOTA_", "TROVE_RATE_LIMIT_", "TROVE_SERVER_")
    return {name: value for name, value in os.environ.items() if name in names or name.startswith(kinds)}
