"""The verbs of the role `tenants`, each after the check that its names are ones which the datastore can have.

All raise Unsupported, BadRequest for a name or host that cannot be, EngineError.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from datastores.host.engine import Engine
from datastores.host.errors import BadRequest
from datastores.host.names import DATABASE, USER
from datastores.host.roles.tenants import Databases, Users
from datastores.protocol.accounts import Database, User, UserChange, UserName


def create_databases(engine: Engine, databases: list[Database]) -> None:
    """Create those that are not there."""
    _databases(engine, (database.name for database in databases)).create(databases)


def delete_database(engine: Engine, name: str) -> None:
    """Delete a database with everything in it."""
    _databases(engine, [name]).delete(name)


def create_users(engine: Engine, users: list[User]) -> None:
    """Create users or set the password of existing ones, and grant them their databases."""
    role = Users.of(engine)
    for user in users:
        _check_user(engine, user.name, user.host)
    if granted := [name for user in users for name in user.databases]:
        _databases(engine, granted)
    if users:
        role.create(users)


def update_user(engine: Engine, change: UserChange) -> None:
    """Give a user new attributes."""
    role = Users.of(engine)
    _check_user(engine, change.user.name, change.user.host)
    _check_user(engine, change.new_name or change.name, change.new_host)
    role.update(change)


def delete_user(engine: Engine, user: UserName) -> None:
    """Delete a user."""
    role = Users.of(engine)
    _check_user(engine, user.name, user.host)
    role.delete(user)


def grant(engine: Engine, user: UserName, databases: list[str]) -> None:
    """Let a user use databases."""
    role = _databases(engine, databases)
    _check_user(engine, user.name, user.host)
    role.grant(user, databases)


def revoke(engine: Engine, user: UserName, databases: list[str]) -> None:
    """Take databases from a user."""
    role = _databases(engine, databases)
    _check_user(engine, user.name, user.host)
    role.revoke(user, databases)


def name_after(change: UserChange, there: Collection[str], title: str) -> str:
    """The name that a user has after a change, in a datastore that cannot rename users: under another name the user is
    made anew. Raises BadRequest when `there`, the users that exist, has neither name, or there is no password to give.
    """
    name = change.new_name or change.name
    if not {change.name, name} & set(there):
        raise BadRequest(f"there is no user '{change.name}'")
    if name not in there and change.password is None:
        raise BadRequest(f"{title} cannot rename a user and keep its password: give a new password, too")
    return name


def _databases(engine: Engine, names: Iterable[str]) -> Databases:
    """The role, once all names are checked."""
    role, rules = Databases.of(engine), engine.version.names
    for name in names:
        if problem := rules.problem(DATABASE, name) or role.name_problem(name):
            raise BadRequest(problem)
    return role


def _check_user(engine: Engine, name: str, host: str | None) -> None:
    rules = engine.version.names
    if problem := rules.problem(USER, name) or rules.host_problem(host):
        raise BadRequest(problem)
