"""Databases of an instance."""

from functions.entrypoint.call import AnyCall, Call, Handlers, Reply
from functions.entrypoint.models import DatabasesCreate, DatabasesListParametersQuery
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.resources.accounts import new_databases
from functions.entrypoint.resources.instance_accounts import require_databases, target_of
from functions.entrypoint.views.accounts import databases_view
from functions.runtime.errors import BadRequest, NotSupported
from functions.state.models import OperationType


def list_databases(call: Call[None, DatabasesListParametersQuery]) -> Reply:
    """A page of the databases, by name. Raises: see `instance_accounts`."""
    size, marker = page_size(call.query.limit), call.query.marker
    names = target_of(call, "databases").look().databases
    page = cut([name for name in names if marker is None or name > marker], size, lambda name: name)
    return {"databases": databases_view(page.items)} | links(call.place, "databases", page.next_marker)


def create_databases(call: Call[DatabasesCreate, None]) -> Reply:
    """Accept new databases.

    Raises:
        BadRequest: the datastore refuses a name, or there is one of that name.
        Others: see `instance_accounts`.
    """
    target = target_of(call, "databases")
    asked = [*(call.body.databases or []), *([call.body.database] if call.body.database else [])]
    if not asked:
        raise BadRequest("Validation error: 'databases' is a required property")
    databases = new_databases(asked, target.datastore)
    existing = target.look_before_change().databases
    for database in databases:
        if database.name in existing:
            raise BadRequest(f"Database '{database.name}' already exists.")
    request = {"databases": [database.model_dump(exclude_none=True) for database in databases]}
    target.change(call, OperationType.DATABASE_CREATE, request)
    return None


def show_database(_call: AnyCall) -> Reply:
    """Not offered, as in Trove. Raises NotSupported."""
    raise NotSupported("A single database is not shown: list the databases.")


def delete_database(call: AnyCall) -> Reply:
    """Accept the deletion of a database. Raises NotFound; others: see `instance_accounts`."""
    target, name = target_of(call, "databases"), call.match.parameters["database"]
    require_databases(target.look_before_change(), [name])
    target.change(call, OperationType.DATABASE_DELETE, {"name": name})
    return None


HANDLERS: Handlers = {
    "list": list_databases,
    "create": create_databases,
    "show": show_database,
    "delete": delete_database,
}
