"""Databases of an instance."""

from datastores.protocol.accounts import CreateDatabases, DeleteDatabase
from functions.base.errors import BadRequest, NotSupported
from functions.entrypoint.api_request import AnyRequest, ApiRequest, Handlers, ResponseBody
from functions.entrypoint.models import DatabasesCreate, DatabasesListParametersQuery
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.resources.accounts import new_databases
from functions.entrypoint.resources.instance_accounts import accounts_of, require_databases
from functions.entrypoint.views.accounts import databases_view
from functions.operations import database_create, database_delete


def list_databases(request: ApiRequest[None, DatabasesListParametersQuery]) -> ResponseBody:
    """List a page of the databases, by name. Raises the errors that `instance_accounts` lists."""
    size, marker = page_size(request.query.limit), request.query.marker
    names = accounts_of(request, "databases").read().databases
    page = cut([name for name in names if marker is None or name > marker], size, lambda name: name)
    return {"databases": databases_view(page.items)} | links(request.url, "databases", page.next_marker)


def create_databases(request: ApiRequest[DatabasesCreate, None]) -> ResponseBody:
    """Accept the creation of databases.

    Raises:
        BadRequest: the datastore refuses a name, or a database of that name exists.
        Others: see `instance_accounts`.
    """
    accounts = accounts_of(request, "databases")
    asked = [*(request.body.databases or []), *([request.body.database] if request.body.database else [])]
    if not asked:
        raise BadRequest("Validation error: 'databases' is a required property")
    databases = new_databases(asked, accounts.datastore)
    existing = accounts.read_before_change().databases
    for database in databases:
        if database.name in existing:
            raise BadRequest(f"Database '{database.name}' already exists.")
    accounts.change(request, database_create.OPERATION, CreateDatabases(databases))
    return None


def show_database(_request: AnyRequest) -> ResponseBody:
    """Raise NotSupported: Trove does not show a single database either."""
    raise NotSupported("A single database is not shown: list the databases.")


def delete_database(request: AnyRequest) -> ResponseBody:
    """Accept the deletion of a database. Raises NotFound; others: see `instance_accounts`."""
    accounts, name = accounts_of(request, "databases"), request.match.parameters["database"]
    require_databases(accounts.read_before_change(), [name])
    accounts.change(request, database_delete.OPERATION, DeleteDatabase(name))
    return None


HANDLERS: Handlers = {
    "list": list_databases,
    "create": create_databases,
    "show": show_database,
    "delete": delete_database,
}
