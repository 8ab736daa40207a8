"""Authentication by keystonemiddleware; each process caches valid tokens for a minute."""

import threading
from functools import lru_cache
from typing import TYPE_CHECKING

from werkzeug.test import run_wsgi_app

from functions.base.errors import Unavailable
from functions.base.settings import get_settings, require
from functions.entrypoint.api_request import Identity
from functions.entrypoint.errors import Unauthorized
from functions.entrypoint.token_cache import TokenCache

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from oslo_config.cfg import ConfigOpts

TOKEN_CACHE_SECONDS = 60
"""Seconds for which a valid token is not checked again; a revoked one is accepted as long."""
KEYSTONE_TIMEOUT_SECONDS = 10
"""Seconds to wait for Keystone before the request is answered with 503."""

_GROUP = "keystone_authtoken"
_CACHE = "trove.token_cache"
_ACCEPTED = "trove.accepted"
_building = threading.Lock()
_cache = TokenCache()


class KeystoneUnavailable(Unavailable):
    """Keystone cannot check the token now."""


def authenticate(environ: "WSGIEnvironment") -> Identity:
    """Check the request's token with Keystone; return its project, user and roles.

    Raises:
        Unauthorized: the token is missing, invalid, expired, or not scoped to a project.
        KeystoneUnavailable: Keystone does not answer.
    """
    from keystoneauth1.exceptions import ClientException

    accepted: list[WSGIEnvironment] = []
    try:
        _, status, headers = run_wsgi_app(_middleware(), environ | {_CACHE: _cache, _ACCEPTED: accepted})
    except ClientException as error:
        raise KeystoneUnavailable(f"Keystone cannot check the token: {type(error).__name__}.") from error
    if accepted and accepted[0].get("HTTP_X_PROJECT_ID"):
        return _identity(accepted[0])
    if accepted or status.startswith("401"):
        raise Unauthorized(headers.get("WWW-Authenticate"))
    raise KeystoneUnavailable("Keystone cannot check the token now.")


def _identity(environ: "WSGIEnvironment") -> Identity:
    roles = environ.get("HTTP_X_ROLES", "").split(",")
    return Identity(environ["HTTP_X_PROJECT_ID"], environ["HTTP_X_USER_ID"], frozenset(filter(None, roles)))


def _middleware() -> "WSGIApplication":
    with _building:
        return _build_middleware()


@lru_cache(maxsize=1)
def _build_middleware() -> "WSGIApplication":
    from keystonemiddleware.auth_token import AuthProtocol

    middleware: WSGIApplication = AuthProtocol(_accept, _configuration())
    return middleware


def _accept(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    """Record the environment that keystonemiddleware passes on, with the token's contents, if the token is valid."""
    environ[_ACCEPTED].append(environ)
    start_response("204 No Content", [])
    return []


def _configuration() -> dict[str, object]:
    settings = get_settings()
    return {
        "oslo_config_config": _service_user(),
        "www_authenticate_uri": settings.os_auth_url,
        "service_type": "database",
        "cache": _CACHE,
        "token_cache_time": TOKEN_CACHE_SECONDS,
        "http_connect_timeout": KEYSTONE_TIMEOUT_SECONDS,
        "http_request_max_retries": 1,
        "region_name": settings.os_region_name,
        "interface": "internal",
        "service_token_roles": "service",
        "service_token_roles_required": True,
        "auth_type": "password",
    }


def _service_user() -> "ConfigOpts":
    """Return an oslo.config object, read from no file, with the credentials of the user that checks tokens."""
    from keystoneauth1 import loading
    from oslo_config import cfg

    own = cfg.ConfigOpts()
    own([], project="trove", default_config_files=[], default_config_dirs=[])
    own.register_opts(loading.get_auth_plugin_conf_options("password"), group=_GROUP)
    settings = get_settings()
    values = {
        "auth_url": require("os_auth_url"),
        "username": require("os_username"),
        "password": require("os_password"),
        "user_domain_name": settings.os_user_domain_name,
        "project_name": require("os_project_name"),
        "project_domain_name": settings.os_project_domain_name,
    }
    for name, value in values.items():
        own.set_override(name, value, group=_GROUP)
    return own
