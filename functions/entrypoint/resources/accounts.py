"""Checks the databases and users in requests by the datastore's rules for names."""

from collections.abc import Collection, Sequence

from pydantic import SecretStr

from datastores.catalog import Datastore
from datastores.host.names import DATABASE, USER
from datastores.protocol.accounts import ANYWHERE, Database, User
from functions.base.errors import BadRequest
from functions.entrypoint.models import NewDatabaseItem, NewUserAttributes, NewUserItem, UserPassword
from functions.state.instances.accounts import UserName


def new_databases(asked: Sequence[NewDatabaseItem], datastore: Datastore) -> tuple[Database, ...]:
    """Return the databases to create.

    Raises:
        BadRequest: the datastore refuses a name, or a name is given twice.
    """
    for item in asked:
        _check_name(DATABASE, item.name, datastore)
    _refuse_twice(DATABASE, [item.name for item in asked])
    return tuple(Database(item.name, item.character_set, item.collate) for item in asked)


def new_users(
    asked: Sequence[NewUserItem], databases: Collection[str] | None, datastore: Datastore
) -> tuple[User, ...]:
    """Return the users to create. `databases`: the names that users may get access to; None: not checked.

    Raises:
        BadRequest: the datastore refuses a name or host, a user is given twice, a password is invalid, or a user's
            database is not among `databases`.
    """
    users = tuple(_user(item, datastore) for item in asked)
    _refuse_twice(USER, [account_key(user) for user in users])
    for user in users:
        for name in user.databases:
            if databases is not None and name not in databases:
                raise BadRequest(f"User '{user.name}' is given the database '{name}', which is not among 'databases'.")
    return users


def new_passwords(asked: Sequence[UserPassword], datastore: Datastore) -> dict[str, str]:
    """Return the new passwords by `name@host`.

    Raises:
        BadRequest: the datastore refuses a name or host, a user is given twice, or a password is invalid.
    """
    names = [_checked(item.name, item.host, datastore) for item in asked]
    _refuse_twice(USER, [str(name) for name in names])
    return {str(name): password_text(item.password) for name, item in zip(names, asked, strict=True)}


def changed_user(user: UserName, asked: NewUserAttributes, datastore: Datastore) -> tuple[UserName, str | None]:
    """Return a user's name after the change, and its new password or None.

    Raises:
        BadRequest: no attribute is given, the datastore refuses the name or host, or the password is invalid.
    """
    if not (asked.name or asked.host or asked.password):
        raise BadRequest("Validation error: user needs at least one of 'name', 'password', 'host'")
    after = _checked(asked.name or user.name, asked.host or user.host, datastore)
    return after, None if asked.password is None else password_text(asked.password)


def password_text(password: SecretStr) -> str:
    """Return a password as text. Raises BadRequest if it has a NUL or a surrogate, which no client could send."""
    text = password.get_secret_value()
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise BadRequest("Validation error: a password has a character that none can have")
    return text


def account_key(user: User) -> str:
    """Return `name@host`, which identifies a user of an instance."""
    return f"{user.name}@{user.host}"


def _user(item: NewUserItem, datastore: Datastore) -> User:
    name = _checked(item.name, item.host, datastore)
    granted = tuple(dict.fromkeys(database.name for database in item.databases or []))
    for database in granted:
        _check_name(DATABASE, database, datastore)
    return User(name.name, password_text(item.password), name.host, granted)


def _checked(name: str, host: str | None, datastore: Datastore) -> UserName:
    _check_name(USER, name, datastore)
    problem = datastore.names.host_problem(host)
    if problem is not None:
        raise BadRequest(f"Datastore {datastore.name}: {problem}.")
    return UserName(name=name, host=host or ANYWHERE)


def _check_name(kind: str, name: str, datastore: Datastore) -> None:
    problem = datastore.names.problem(kind, name)
    if problem is not None:
        raise BadRequest(f"Datastore {datastore.name}: {problem}.")


def _refuse_twice(kind: str, names: Sequence[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadRequest(f"The {kind} '{twice}' is given more than once.")
