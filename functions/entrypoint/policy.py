"""Authorization by oslo.policy: the rules, under Trove's names, with the secure-RBAC defaults reader, member, admin.

A rule sees the project of the resource as `project_id`; the path's project always is the token's. What another
project owns is not forbidden but not found: the state looks for ids within the caller's project only.

A YAML file of rules (setting `policy_file`) replaces defaults; it is read again when it changes. The entry points
`oslo.policy.policies` and `oslo.policy.enforcer` of the name `trove` lead oslo.policy's own commands here.
"""

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from functions.entrypoint.call import Identity
from functions.entrypoint.errors import NotAdministrator
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
    "configuration-parameter:index": "List the parameters of a datastore version.",
    "configuration-parameter:show": "Show a parameter of a datastore version.",
    "configuration-parameter:index_by_version": "List the parameters of a datastore version by its id.",
    "configuration-parameter:show_by_version": "Show a parameter of a datastore version by its id.",
    "configuration:index": "List configuration groups.",
    "configuration:show": "Show a configuration group.",
    "configuration:instances": "List the instances that have a configuration group.",
    "flavor:index": "List flavors.",
    "flavor:show": "Show a flavor.",
    "cluster:index": "List clusters.",
    "limits:index": "List the project's limits.",
    "instance:index": "List instances.",
    "instance:detail": "List instances with details.",
    "instance:show": "Show an instance.",
    "instance:configuration": "Show the default settings of an instance.",
    "instance:backups": "List the backups of an instance.",
    "instance:guest_log_list": "List the logs of an instance.",
    "instance:extension:database:index": "List the databases of an instance.",
    "instance:extension:database:show": "Show a database of an instance.",
    "instance:extension:user:index": "List the users of an instance.",
    "instance:extension:user:show": "Show a user of an instance.",
    "instance:extension:user_access:index": "List the databases granted to a user of an instance.",
    "instance:extension:root:index": "Tell whether root is enabled in an instance.",
    "backup:index": "List backups.",
    "backup:show": "Show a backup.",
    "backup_strategy:index": "List backup strategies.",
    "schedule:index": "List schedules.",
    "schedule:show": "Show a schedule.",
    "quota:show": "Show the quotas of one's own project.",
    "operation:index": "List operations.",
    "operation:show": "Show an operation.",
}
WRITE_RULES = {
    "instance:create": "Create an instance.",
    "instance:delete": "Delete an instance.",
    "instance:update": "Change an instance.",
    "instance:edit": "Change an instance, as older clients ask for it.",
    "instance:guest_log_action": "Show, enable, disable, publish or discard a log of an instance.",
    "instance:action": "Act on an instance; the rule of the action counts, too.",
    "configuration:create": "Create a configuration group.",
    "configuration:update": "Replace the values of a configuration group.",
    "configuration:edit": "Change values of a configuration group.",
    "configuration:delete": "Delete a configuration group.",
    "instance:extension:database:create": "Create databases in an instance.",
    "instance:extension:database:delete": "Delete a database of an instance.",
    "instance:extension:user:create": "Create users in an instance.",
    "instance:extension:user:update": "Change name, password or host of a user of an instance.",
    "instance:extension:user:update_all": "Change passwords of users of an instance.",
    "instance:extension:user:delete": "Delete a user of an instance.",
    "instance:extension:user_access:update": "Grant databases to a user of an instance.",
    "instance:extension:user_access:delete": "Revoke a database from a user of an instance.",
    "instance:extension:root:create": "Enable root in an instance.",
    "instance:extension:root:delete": "Disable root in an instance.",
    "backup:create": "Back up an instance.",
    "backup:delete": "Delete a backup.",
    "backup:download": "Get a URL to download a backup.",
    "backup_strategy:create": "Set a backup strategy.",
    "backup_strategy:delete": "Delete a backup strategy.",
    "schedule:create": "Create a schedule.",
    "schedule:update": "Change a schedule.",
    "schedule:delete": "Delete a schedule.",
    "schedule:run": "Make a backup by the rules of a schedule now.",
}
ACTION_RULES = {
    "instance:restart": "Restart an instance.",
    "instance:resize_flavor": "Give an instance another flavor.",
    "instance:resize_volume": "Give an instance a larger volume.",
    "instance:stop": "Stop an instance.",
    "instance:start": "Start an instance that was stopped.",
    "instance:promote_to_replica_source": "Make a replica the source of its set.",
    "instance:eject_replica_source": "Take the source out of its set.",
}
"""Within the action of an instance: beside the rule of the request."""
ADMIN_RULES = {
    "instance:reset_status": "Reset the status of an instance to ERROR.",
    "quota:show:all_projects": "Show the quotas of other projects.",
    "mgmt:quota:update": "Set the quotas of a project.",
    "mgmt:instance:index": "List the instances of all projects.",
    "mgmt:instance:show": "Show an instance of any project.",
    "mgmt:instance:action": "Act on an instance of any project.",
    "mgmt:datastore_version:index": "List the datastore versions, hidden ones too.",
    "mgmt:datastore_version:show": "Show a datastore version, a hidden one too.",
    "mgmt:datastore_version:create": "Add a datastore version.",
    "mgmt:datastore_version:edit": "Hide, show or make default a datastore version.",
    "mgmt:datastore_version:delete": "Delete a datastore version.",
    "backup:index:all_projects": "List the backups of other projects.",
    "backup_strategy:other_projects": "List and delete the backup strategies of other projects.",
}

_building = threading.Lock()


def list_rules() -> "list[RuleDefault]":
    """All rules with their defaults, as oslo.policy's generators want them."""
    from oslo_policy.policy import RuleDefault

    admin = RuleDefault("context_is_admin", "role:admin", description="Sees and may do everything.")
    members = WRITE_RULES | ACTION_RULES
    documented = [*_documented(READ_RULES, READER), *_documented(members, MEMBER), *_documented(ADMIN_RULES, ADMIN)]
    return [admin, *documented]


def enforce(rule: str, identity: Identity) -> None:
    """Let the caller pass.

    Raises:
        Forbidden: the rule does not allow it.
        NotAdministrator: the same of management.
    """
    if not allowed(rule, identity):
        if rule.startswith("mgmt:"):
            raise NotAdministrator(f"Policy doesn't allow {rule} to be performed: it is for administrators.")
        raise Forbidden(f"Policy doesn't allow {rule} to be performed.")


def allowed(rule: str, identity: Identity) -> bool:
    """Whether the rule allows it to the caller, within the caller's own project."""
    credentials = {
        "user_id": identity.user_id,
        "project_id": identity.project_id,
        "roles": sorted(identity.roles),
    }
    return bool(get_enforcer().enforce(rule, {"project_id": identity.project_id}, credentials))


def get_enforcer() -> "Enforcer":
    """The process's enforcer."""
    with _building:
        return _build_enforcer()


@lru_cache(maxsize=1)
def _build_enforcer() -> "Enforcer":
    from oslo_config import cfg
    from oslo_policy.policy import Enforcer

    from functions.runtime.settings import get_settings

    own = cfg.ConfigOpts()
    own([], project="trove", default_config_files=[], default_config_dirs=[])
    file = get_settings().policy_file
    enforcer = Enforcer(own, policy_file=str(file.resolve()) if file else None)
    enforcer.register_defaults(list_rules())
    enforcer.load_rules()
    return enforcer


def _documented(rules: dict[str, str], check: str) -> "list[DocumentedRuleDefault]":
    from oslo_policy.policy import DocumentedRuleDefault

    from functions.entrypoint.routes import ROUTES

    uses: dict[str | None, list[Any]] = {route.policy: [] for route in ROUTES}
    for route in ROUTES:
        uses[route.policy].append({"method": route.method, "path": route.template})
    uses["backup:index:all_projects"] = uses["backup:index"]
    uses["backup_strategy:other_projects"] = uses["backup_strategy:index"]
    uses["quota:show:all_projects"] = uses["quota:show"]
    uses |= dict.fromkeys([*ACTION_RULES, "instance:reset_status"], uses["instance:action"])
    return [DocumentedRuleDefault(name, check, text, uses[name]) for name, text in rules.items()]
