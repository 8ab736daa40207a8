"""Changes of databases, users and root for the workflow properties: what each is, needs before, and leaves behind."""

from functions.entrypoint.read import read
from functions.state import accounts, instances
from functions.state.acceptance import Caller, Order
from functions.state.accounts import Accounts
from functions.state.models import Instance, Operation, OperationType

USER = {"name": "made's", "host": "%"}
RENAMED = "renamed"
DATABASE = "made; --"
SECRETS = {"passwords": {"made's@%": "canary"}}
GRANT = {**USER, "databases": [DATABASE]}

ORDERS = {
    OperationType.DATABASE_CREATE: Order(OperationType.DATABASE_CREATE, {"databases": [{"name": DATABASE}]}),
    OperationType.DATABASE_DELETE: Order(OperationType.DATABASE_DELETE, {"name": DATABASE}),
    OperationType.USER_CREATE: Order(OperationType.USER_CREATE, {"users": [{**USER, "databases": []}]}, SECRETS),
    OperationType.USER_UPDATE: Order(
        OperationType.USER_UPDATE, {"changes": [{**USER, "new_name": RENAMED, "new_host": "%"}]}, SECRETS
    ),
    OperationType.USER_DELETE: Order(OperationType.USER_DELETE, {**USER}),
    OperationType.ACCESS_GRANT: Order(OperationType.ACCESS_GRANT, GRANT),
    OperationType.ACCESS_REVOKE: Order(OperationType.ACCESS_REVOKE, GRANT),
    OperationType.ROOT_ENABLE: Order(OperationType.ROOT_ENABLE, {}, {"password": "canary"}),
    OperationType.ROOT_DISABLE: Order(OperationType.ROOT_DISABLE, {}),
}
NEEDS = {
    OperationType.DATABASE_DELETE: [OperationType.DATABASE_CREATE],
    OperationType.USER_UPDATE: [OperationType.USER_CREATE],
    OperationType.USER_DELETE: [OperationType.USER_CREATE],
    OperationType.ACCESS_GRANT: [OperationType.USER_CREATE, OperationType.DATABASE_CREATE],
    OperationType.ACCESS_REVOKE: [
        OperationType.USER_CREATE,
        OperationType.DATABASE_CREATE,
        OperationType.ACCESS_GRANT,
    ],
    OperationType.ROOT_DISABLE: [OperationType.ROOT_ENABLE],
}
"""What has to be done before, so that the change finds what it changes."""


def accept(kind: OperationType, instance: Instance, caller: Caller) -> Operation:
    """Accept a change."""
    return accounts.accept_change(instance.id, caller, ORDERS[kind])


def is_done(ended: Operation) -> bool:
    """Whether the engine has what the operation was to bring about."""
    assert ended.instance_id is not None
    found = read(instances.load(ended.instance_id), "account.list", Accounts)
    users = {user.name: user.databases for user in found.users}
    return {
        OperationType.DATABASE_CREATE: DATABASE in found.databases,
        OperationType.DATABASE_DELETE: DATABASE not in found.databases,
        OperationType.USER_CREATE: USER["name"] in users,
        OperationType.USER_UPDATE: RENAMED in users,
        OperationType.USER_DELETE: USER["name"] not in users,
        OperationType.ACCESS_GRANT: DATABASE in users.get(USER["name"], ()),
        OperationType.ACCESS_REVOKE: DATABASE not in users.get(USER["name"], ()),
        OperationType.ROOT_ENABLE: found.root_enabled,
        OperationType.ROOT_DISABLE: not found.root_enabled,
    }[OperationType(ended.type)]
