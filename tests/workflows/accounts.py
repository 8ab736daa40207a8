"""Changes of databases, users and root for the workflow properties: what each is, needs before, and leaves behind."""

from datastores.protocol.accounts import (
    CreateDatabases,
    CreateUsers,
    Database,
    DeleteDatabase,
    DeleteUser,
    DisableRoot,
    EnableRoot,
    Grant,
    Revoke,
    UpdateUsers,
    User,
    UserChange,
)
from datastores.protocol.message import Done, Work
from functions.entrypoint.read import read
from functions.framework.operation import find
from functions.operations.parts.accounts import accept_change
from functions.state.instances import instances
from functions.state.instances.accounts import Accounts
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation

USER = {"name": "made's", "host": "%"}
RENAMED = "renamed"
DATABASE = "made; --"
CHANGES: dict[str, Work[Done]] = {
    "database_create": CreateDatabases((Database(DATABASE),)),
    "database_delete": DeleteDatabase(DATABASE),
    "user_create": CreateUsers((User(USER["name"], "canary", USER["host"]),)),
    "user_update": UpdateUsers((UserChange(USER["name"], USER["host"], RENAMED, "%", "canary"),)),
    "user_delete": DeleteUser(**USER),
    "access_grant": Grant(USER["name"], USER["host"], (DATABASE,)),
    "access_revoke": Revoke(USER["name"], USER["host"], (DATABASE,)),
    "root_enable": EnableRoot("canary"),
    "root_disable": DisableRoot(),
}
NEEDS = {
    "database_delete": ["database_create"],
    "user_update": ["user_create"],
    "user_delete": ["user_create"],
    "access_grant": ["user_create", "database_create"],
    "access_revoke": [
        "user_create",
        "database_create",
        "access_grant",
    ],
    "root_disable": ["root_enable"],
}
"""What has to be done before, so that the change finds what it changes."""


def accept(kind: str, instance: Instance, caller: Caller) -> Operation:
    """Accept a change."""
    return accept_change(find(kind), instance.id, CHANGES[kind], caller)


def is_done(ended: Operation) -> bool:
    """Whether the engine has what the operation was to bring about."""
    assert ended.instance_id is not None
    found = read(instances.load(ended.instance_id), "account.list", Accounts)
    users = {user.name: user.databases for user in found.users}
    return {
        "database_create": DATABASE in found.databases,
        "database_delete": DATABASE not in found.databases,
        "user_create": USER["name"] in users,
        "user_update": RENAMED in users,
        "user_delete": USER["name"] not in users,
        "access_grant": DATABASE in users.get(USER["name"], ()),
        "access_revoke": DATABASE not in users.get(USER["name"], ()),
        "root_enable": found.root_enabled,
        "root_disable": not found.root_enabled,
    }[ended.type]
