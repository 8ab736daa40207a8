"""Databases and users of a create request, by the datastore's own rules for names."""

from collections.abc import Sequence

from datastores.catalog import Datastore
from datastores.host.names import DATABASE, USER
from functions.entrypoint.models import NewDatabaseItem, NewUserItem
from functions.runtime.errors import BadRequest
from functions.state.instances import NewDatabase, NewUser

ANYWHERE = "%"


def new_databases(asked: Sequence[NewDatabaseItem], datastore: Datastore) -> list[NewDatabase]:
    """The databases to make.

    Raises:
        BadRequest: the datastore refuses a name, or it is given twice.
    """
    for item in asked:
        _check_name(DATABASE, item.name, datastore)
    _refuse_twice(DATABASE, [item.name for item in asked])
    return [NewDatabase(name=item.name, character_set=item.character_set, collate=item.collate) for item in asked]


def new_users(asked: Sequence[NewUserItem], databases: Sequence[NewDatabase], datastore: Datastore) -> list[NewUser]:
    """The users to make.

    Raises:
        BadRequest: the datastore refuses a name, it is given twice, or a user's database is not among `databases`.
    """
    for item in asked:
        _check_name(USER, item.name, datastore)
    users = [_user(item) for item in asked]
    _refuse_twice(USER, [f"{user.name}@{user.host}" for user in users])
    known = {database.name for database in databases}
    for user in users:
        for name in user.databases:
            if name not in known:
                raise BadRequest(f"User '{user.name}' is given the database '{name}', which is not among 'databases'.")
    return users


def _user(item: NewUserItem) -> NewUser:
    granted = list(dict.fromkeys(database.name for database in item.databases or []))
    return NewUser(name=item.name, password=item.password, host=item.host or ANYWHERE, databases=granted)


def _check_name(kind: str, name: str, datastore: Datastore) -> None:
    problem = datastore.names.problem(kind, name)
    if problem is not None:
        raise BadRequest(f"Datastore {datastore.name}: {problem}.")


def _refuse_twice(kind: str, names: Sequence[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadRequest(f"The {kind} '{twice}' is given more than once.")
