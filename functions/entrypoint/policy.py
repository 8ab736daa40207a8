"""Authorization by oslo.policy: rules with Trove's names and the secure-RBAC defaults reader, member, admin.

The specification names the rule of each request (`x-policy`); the request's summary describes the rule. By default
readers may GET, members may change, and administrators may call management.

A rule gets the project of the resource as `project_id`; the project in the path is always the token's. A resource of
another project is 404, not 403: ids are looked up within the caller's project only.

A YAML file of rules (setting `policy_file`) replaces defaults; it is read again when it changes. oslo.policy's own
commands find this module by the entry points `oslo.policy.policies` and `oslo.policy.enforcer` named `trove`.
"""

import threading
from functools import lru_cache
from typing import TYPE_CHECKING

from functions.base.errors import Forbidden
from functions.entrypoint.api_request import Identity
from functions.entrypoint.errors import NotAdministrator

if TYPE_CHECKING:
    from oslo_policy.policy import DocumentedRuleDefault, Enforcer, Operation, RuleDefault

    from functions.entrypoint.routing import Route

ADMIN = "rule:context_is_admin"
MEMBER = f"{ADMIN} or (role:member and project_id:%(project_id)s)"
READER = f"{ADMIN} or (role:reader and project_id:%(project_id)s)"

ACTION_RULES = {
    "instance:restart": "Restart an instance.",
    "instance:resize_flavor": "Give an instance another flavor.",
    "instance:resize_volume": "Give an instance a larger volume.",
    "instance:stop": "Stop an instance.",
    "instance:start": "Start an instance that was stopped.",
    "instance:promote_to_replica_source": "Make a replica the source of its set.",
    "instance:eject_replica_source": "Take the source out of its set.",
    "instance:rebuild_replica": "Replace the data of a replica by a copy of its source's.",
}
"""Rules of the actions of an instance, checked in addition to the request's rule."""
ADMIN_RULES = {
    "instance:reset_status": "Reset the status of an instance to ERROR.",
    "quota:show:all_projects": "Show the quotas of other projects.",
    "backup:index:all_projects": "List the backups of other projects.",
    "backup_strategy:other_projects": "List and delete the backup strategies of other projects.",
}
"""Rules for administrators, checked in addition to the request's rule."""
REQUEST_RULES = {
    "quota:show:all_projects": "quota:show",
    "backup:index:all_projects": "backup:index",
    "backup_strategy:other_projects": "backup_strategy:index",
}
"""The request's rule for each additional rule; the others belong to `instance:action`."""
MANAGEMENT = "mgmt:"
"""Prefix of the rules of management, whose default is administrators only."""

_building = threading.Lock()


def list_rules() -> "list[RuleDefault]":
    """Return all rules with their defaults, in the form that oslo.policy's generators read."""
    from oslo_policy.policy import RuleDefault

    admin = RuleDefault("context_is_admin", "role:admin", description="Sees and may do everything.")
    additional = [*_documented(ACTION_RULES, MEMBER), *_documented(ADMIN_RULES, ADMIN)]
    return [admin, *_rules_of_requests(), *additional]


def enforce(rule: str, identity: Identity) -> None:
    """Check a rule for the caller.

    Raises:
        Forbidden: the rule does not allow it.
        NotAdministrator: the rule is one of management and does not allow it.
    """
    if not allowed(rule, identity):
        if rule.startswith(MANAGEMENT):
            raise NotAdministrator(f"Policy doesn't allow {rule} to be performed: it is for administrators.")
        raise Forbidden(f"Policy doesn't allow {rule} to be performed.")


def allowed(rule: str, identity: Identity) -> bool:
    """Return whether the rule allows the caller to act within the caller's own project."""
    credentials = {
        "user_id": identity.user_id,
        "project_id": identity.project_id,
        "roles": sorted(identity.roles),
    }
    return bool(get_enforcer().enforce(rule, {"project_id": identity.project_id}, credentials))


def get_enforcer() -> "Enforcer":
    """Return the enforcer of this process."""
    with _building:
        return _build_enforcer()


@lru_cache(maxsize=1)
def _build_enforcer() -> "Enforcer":
    from oslo_config import cfg
    from oslo_policy.policy import Enforcer

    from functions.base.settings import get_settings

    own = cfg.ConfigOpts()
    own([], project="trove", default_config_files=[], default_config_dirs=[])
    file = get_settings().policy_file
    enforcer = Enforcer(own, policy_file=str(file.resolve()) if file else None)
    enforcer.register_defaults(list_rules())
    enforcer.load_rules()
    return enforcer


def _rules_of_requests() -> "list[DocumentedRuleDefault]":
    from oslo_policy.policy import DocumentedRuleDefault

    return [
        DocumentedRuleDefault(rule, _default(rule, routes), f"{routes[0].summary}.", _paths(routes))
        for rule, routes in _routes().items()
    ]


def _default(rule: str, routes: "list[Route]") -> str:
    if rule.startswith(MANAGEMENT):
        return ADMIN
    return READER if all(route.method == "GET" for route in routes) else MEMBER


def _documented(rules: dict[str, str], check: str) -> "list[DocumentedRuleDefault]":
    from oslo_policy.policy import DocumentedRuleDefault

    routes = _routes()
    return [
        DocumentedRuleDefault(name, check, text, _paths(routes[REQUEST_RULES.get(name, "instance:action")]))
        for name, text in rules.items()
    ]


def _routes() -> "dict[str, list[Route]]":
    """Return the routes by their rule, in the order of the specification."""
    from functions.entrypoint.routes import ROUTES

    found: dict[str, list[Route]] = {}
    for route in ROUTES:
        if route.policy is not None:
            found.setdefault(route.policy, []).append(route)
    return found


def _paths(routes: "list[Route]") -> "list[Operation]":
    return [{"method": route.method, "path": route.template} for route in routes]
