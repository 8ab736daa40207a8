"""Creates Keystone's first contents: roles, projects, users and the service catalog.

Runs inside Keystone's process. Run again, it creates only what is missing.
"""
# ruff: noqa: ANN401 - Keystone has no types

import uuid
from collections.abc import Mapping
from typing import Any

from keystone import exception
from keystone.common import driver_hints, provider_api
from keystone.conf import CONF

from deploy.local.credentials import HEAT_DOMAIN, HEAT_DOMAIN_ADMIN, REGION
from deploy.local.services.context import Context

ROLES = ("admin", "manager", "member", "reader", "service", "ResellerAdmin", "heat_stack_user", "heat_stack_owner")

IMPLIED = {"admin": "manager", "manager": "member", "member": "reader"}

PROJECTS = ("admin", "service", "demo", "other")

GRANTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "admin": {"admin": ("admin",)},
    "demo": {"demo": ("member",)},
    "other": {"other": ("member",)},
    "trove": {"service": ("admin", "service", "ResellerAdmin")},
    "heat": {"service": ("admin", "service")},
    "mistral": {"service": ("admin", "service")},
    "swift": {"service": ("admin", "service")},
}
"""Roles by user and project."""

CATALOG = {
    "identity": ("keystone", "keystone", "/v3"),
    "orchestration": ("heat", "heat", "/v1/%(project_id)s"),
    "workflowv2": ("mistral", "mistral", "/v2"),
    "object-store": ("swift", "swift", "/v1/AUTH_%(project_id)s"),
    "database": ("trove", "entrypoint", "/v1.0/%(project_id)s"),
}
"""Name, name of the port (`addresses.PORTS`) and path of each service type."""

PROVIDERS: Any = provider_api.ProviderAPIs


def bootstrap(context: Context) -> None:
    """Create everything that this module lists and Keystone lacks."""
    domain = CONF.identity.default_domain_id
    _ensure(PROVIDERS.resource_api.create_domain, domain, {"id": domain, "name": "Default", "enabled": True})
    roles = {name: _role(name) for name in ROLES}
    for prior, implied in IMPLIED.items():
        _ensure(PROVIDERS.role_api.create_implied_role, roles[prior], roles[implied])
    projects = {name: _project(name, domain) for name in PROJECTS}
    for name, grants in GRANTS.items():
        user = _user(name, domain, context.passwords.users[name])
        for project, granted in grants.items():
            for role in granted:
                _grant(roles[role], user_id=user, project_id=projects[project])
    _grant_system(_user("admin", domain, context.passwords.users["admin"]), roles["admin"])
    _heat_domain(context, roles["admin"])
    _catalog(context)


def _ensure(create: Any, *arguments: Any) -> None:
    try:
        create(*arguments)
    except exception.Conflict:
        return


def _role(name: str) -> str:
    for role in PROVIDERS.role_api.list_roles(_hints(name=name)):
        return str(role["id"])
    made = uuid.uuid4().hex
    PROVIDERS.role_api.create_role(made, {"id": made, "name": name})
    return made


def _project(name: str, domain: str) -> str:
    try:
        return str(PROVIDERS.resource_api.get_project_by_name(name, domain)["id"])
    except exception.ProjectNotFound:
        made = uuid.uuid4().hex
        project = {
            "id": made,
            "name": name,
            "domain_id": domain,
            "enabled": True,
            "is_domain": False,
            "parent_id": domain,
        }
        PROVIDERS.resource_api.create_project(made, project)
        return made


def _user(name: str, domain: str, password: str) -> str:
    try:
        return str(PROVIDERS.identity_api.get_user_by_name(name, domain)["id"])
    except exception.UserNotFound:
        user = {"name": name, "domain_id": domain, "enabled": True, "password": password}
        return str(PROVIDERS.identity_api.create_user(user)["id"])


def _grant(role: str, **target: str) -> None:
    PROVIDERS.assignment_api.create_grant(role, **target)


def _grant_system(user: str, role: str) -> None:
    _ensure(PROVIDERS.assignment_api.create_system_grant_for_user, user, role)


def _heat_domain(context: Context, admin_role: str) -> None:
    try:
        domain = str(PROVIDERS.resource_api.get_domain_by_name(HEAT_DOMAIN)["id"])
    except exception.DomainNotFound:
        domain = uuid.uuid4().hex
        PROVIDERS.resource_api.create_domain(domain, {"id": domain, "name": HEAT_DOMAIN, "enabled": True})
    user = _user(HEAT_DOMAIN_ADMIN, domain, context.passwords.users[HEAT_DOMAIN_ADMIN])
    _grant(admin_role, user_id=user, domain_id=domain)


def _catalog(context: Context) -> None:
    _ensure(PROVIDERS.catalog_api.create_region, {"id": REGION})
    present = {service["type"] for service in PROVIDERS.catalog_api.list_services()}
    for kind, (name, port, path) in CATALOG.items():
        if kind in present:
            continue
        service = uuid.uuid4().hex
        PROVIDERS.catalog_api.create_service(service, {"id": service, "name": name, "type": kind, "enabled": True})
        for interface in ("public", "internal", "admin"):
            _endpoint(service, interface, context.addresses.url(port, path))


def _endpoint(service: str, interface: str, url: str) -> None:
    made = uuid.uuid4().hex
    endpoint = {
        "id": made,
        "interface": interface,
        "url": url,
        "service_id": service,
        "region_id": REGION,
        "enabled": True,
    }
    PROVIDERS.catalog_api.create_endpoint(made, endpoint)


def _hints(**filters: str) -> Any:
    hints = driver_hints.Hints()
    for name, value in filters.items():
        hints.add_filter(name, value)
    hints.add_filter("domain_id", None)
    return hints
