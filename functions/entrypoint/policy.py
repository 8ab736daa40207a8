"""Authorization by oslo.policy: the rules, under Trove's names, with the secure-RBAC defaults reader, member, admin.

A rule sees the project of the resource as `project_id`; the path's project always is the token's. What another
project owns is not forbidden but not found: the state looks for ids within the caller's project only.
"""

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from functions.entrypoint.call import Identity
from functions.runtime.errors import Forbidden

if TYPE_CHECKING:
    from oslo_policy.policy import DocumentedRuleDefault, Enforcer, RuleDefault

ADMIN = "rule:context_is_admin"
MEMBER = f"{ADMIN} or (role:member and project_id:%(project_id)s)"
READER = f"{ADMIN} or (role:reader and project_id:%(project_id)s)"

READ_RULES = {
    "datastore:index": "List datastores.",
    "datastore:show": "Show a datastore.",
    "datastore:version_index": "List the versions of a datastore.",
    "datastore:version_show": "Show a version of a datastore.",
    "datastore:version_show_by_uuid": "Show a datastore version by its id.",
    "datastore:list_associated_flavors": "List the flavors of a datastore version.",
    "flavor:index": "List flavors.",
    "flavor:show": "Show a flavor.",
    "limits:index": "List the project's limits.",
    "instance:index": "List instances.",
    "instance:detail": "List instances with details.",
    "instance:show": "Show an instance.",
    "instance:backups": "List the backups of an instance.",
    "backup:index": "List backups.",
    "backup:show": "Show a backup.",
    "operation:index": "List operations.",
    "operation:show": "Show an operation.",
}
WRITE_RULES = {
    "instance:create": "Create an instance.",
    "instance:delete": "Delete an instance.",
    "instance:restart": "Restart an instance.",
    "backup:create": "Back up an instance.",
    "backup:delete": "Delete a backup.",
}
ADMIN_RULES = {
    "backup:index:all_projects": "List the backups of other projects.",
}

_building = threading.Lock()


def list_rules() -> "list[RuleDefault]":
    """All rules with their defaults, as oslo.policy's generators want them."""
    from oslo_policy.policy import RuleDefault

    admin = RuleDefault("context_is_admin", "role:admin", description="Sees and may do everything.")
    documented = [*_documented(READ_RULES, READER), *_documented(WRITE_RULES, MEMBER), *_documented(ADMIN_RULES, ADMIN)]
    return [admin, *documented]


def enforce(rule: str, identity: Identity) -> None:
    """Let the caller pass.

    Raises:
        Forbidden: the rule does not allow it.
    """
    if not allowed(rule, identity):
        raise Forbidden(f"Policy doesn't allow {rule} to be performed.")


def allowed(rule: str, identity: Identity) -> bool:
    """Whether the rule allows it to the caller, within the caller's own project."""
    credentials = {
        "user_id": identity.user_id,
        "project_id": identity.project_id,
        "roles": sorted(identity.roles),
    }
    return bool(_enforcer().enforce(rule, {"project_id": identity.project_id}, credentials))


def _enforcer() -> "Enforcer":
    with _building:
        return _build_enforcer()


@lru_cache(maxsize=1)
def _build_enforcer() -> "Enforcer":
    from oslo_config import cfg
    from oslo_policy.policy import Enforcer

    own = cfg.ConfigOpts()
    own([], project="trove", default_config_files=[], default_config_dirs=[])
    enforcer = Enforcer(own)
    enforcer.register_defaults(list_rules())
    enforcer.load_rules()
    return enforcer


def _documented(rules: dict[str, str], check: str) -> "list[DocumentedRuleDefault]":
    from oslo_policy.policy import DocumentedRuleDefault

    from functions.entrypoint.routes import ROUTES

    uses: dict[str | None, Any] = {r.policy: {"method": r.method, "path": r.template} for r in ROUTES}
    uses["backup:index:all_projects"] = uses["backup:index"]
    return [DocumentedRuleDefault(name, check, text, [uses[name]]) for name, text in rules.items()]
