"""Users of an instance, and the databases that they have access to."""

from datastores.protocol.accounts import CreateUsers, DeleteUser, Grant, Revoke, UpdateUsers, UserChange
from functions.base.errors import BadRequest, NotFound
from functions.entrypoint.api_request import AnyRequest, ApiRequest, Handlers, ResponseBody
from functions.entrypoint.models import (
    AccessGrant,
    UsersCreate,
    UsersListParametersQuery,
    UsersUpdate,
    UserUpdate,
)
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.resources.accounts import account_key, changed_user, new_passwords, new_users
from functions.entrypoint.resources.instance_accounts import accounts_of, require_databases, user_name, user_of
from functions.entrypoint.views.accounts import databases_view, user_view
from functions.operations import access_grant, access_revoke, user_create, user_delete, user_update
from functions.state.instances.accounts import Account, Accounts


def list_users(request: ApiRequest[None, UsersListParametersQuery]) -> ResponseBody:
    """List a page of the users, by name and host. Raises the errors that `instance_accounts` lists."""
    size = page_size(request.query.limit)
    users = accounts_of(request, "users").read().users
    if request.query.marker is not None:
        last = user_name(request.query.marker)
        users = [user for user in users if (user.name, user.host) > (last.name, last.host)]
    page = cut(users, size, str)
    return {"users": [user_view(user) for user in page.items]} | links(request.url, "users", page.next_marker)


def show_user(request: AnyRequest) -> ResponseBody:
    """Show a user with its databases. Raises NotFound; others: see `instance_accounts`."""
    return {"user": user_view(_user(request, accounts_of(request, "users").read()))}


def create_users(request: ApiRequest[UsersCreate, None]) -> ResponseBody:
    """Accept the creation of users.

    Raises:
        BadRequest: the datastore refuses a name, a user exists, or a user's database does not exist.
        Others: see `instance_accounts`.
    """
    accounts = accounts_of(request, "users")
    asked = request.body.users if isinstance(request.body.users, list) else [request.body.users]
    users = new_users(asked, None, accounts.datastore)
    found = accounts.read_before_change()
    new_users(asked, found.databases, accounts.datastore)
    existing = {str(user) for user in found.users}
    for user in users:
        if account_key(user) in existing:
            raise BadRequest(f"User '{account_key(user)}' already exists.")
    accounts.change(request, user_create.OPERATION, CreateUsers(users))
    return None


def create_one(request: ApiRequest[UsersCreate, None]) -> ResponseBody:
    """Accept the creation of the one user that the path names, as openstacksdk sends it.

    Raises:
        BadRequest: the body names another user or several.
        Others: see `create_users`.
    """
    accounts_of(request, "users")
    asked = request.body.users if isinstance(request.body.users, list) else [request.body.users]
    if [item.name for item in asked] != [request.match.parameters["user"]]:
        raise BadRequest("Validation error: users must be the one user that the path names")
    return create_users(request)


def update_passwords(request: ApiRequest[UsersUpdate, None]) -> ResponseBody:
    """Accept new passwords of users. Raises BadRequest, NotFound; others: see `instance_accounts`."""
    accounts = accounts_of(request, "users")
    passwords = new_passwords(request.body.users, accounts.datastore)
    existing = {str(user): user for user in accounts.read_before_change().users}
    for account in passwords:
        if account not in existing:
            raise NotFound(f"User '{account}' cannot be found.")
    changes = tuple(
        UserChange(existing[account].name, existing[account].host, password=password)
        for account, password in passwords.items()
    )
    accounts.change(request, user_update.OPERATION, UpdateUsers(changes))
    return None


def update_user(request: ApiRequest[UserUpdate, None]) -> ResponseBody:
    """Accept a new name, password or host of a user.

    Raises:
        BadRequest: no attribute is given, the datastore refuses the name or host, or another user has both.
        NotFound; others: see `instance_accounts`.
    """
    accounts = accounts_of(request, "users")
    found = accounts.read_before_change()
    user = _user(request, found)
    after, password = changed_user(user, request.body.user, accounts.datastore)
    if str(after) != str(user) and str(after) in {str(other) for other in found.users}:
        raise BadRequest(f"User '{after}' already exists.")
    change = UserChange(user.name, user.host, after.name, after.host, password)
    accounts.change(request, user_update.OPERATION, UpdateUsers((change,)))
    return None


def delete_user(request: AnyRequest) -> ResponseBody:
    """Accept the deletion of a user. Raises NotFound; others: see `instance_accounts`."""
    accounts = accounts_of(request, "users")
    user = _user(request, accounts.read_before_change())
    accounts.change(request, user_delete.OPERATION, DeleteUser(user.name, user.host))
    return None


def list_access(request: AnyRequest) -> ResponseBody:
    """List the databases of a user. Raises NotFound; others: see `instance_accounts`."""
    return {"databases": databases_view(_user(request, accounts_of(request, "users").read()).databases)}


def grant_access(request: ApiRequest[AccessGrant, None]) -> ResponseBody:
    """Accept a grant of access. Raises NotFound: no such user or database; others: see `instance_accounts`."""
    accounts = accounts_of(request, "users")
    found = accounts.read_before_change()
    user, names = _user(request, found), tuple(dict.fromkeys(item.name for item in request.body.databases))
    require_databases(found, names)
    accounts.change(request, access_grant.OPERATION, Grant(user.name, user.host, names))
    return None


def revoke_access(request: AnyRequest) -> ResponseBody:
    """Accept a revocation of access. Raises NotFound: no such user or grant; others: see `instance_accounts`."""
    accounts, name = accounts_of(request, "users"), request.match.parameters["database"]
    user = _user(request, accounts.read_before_change())
    if name not in user.databases:
        raise NotFound(f"Database '{name}' cannot be found: it is not granted to user '{user}'.")
    accounts.change(request, access_revoke.OPERATION, Revoke(user.name, user.host, (name,)))
    return None


def _user(request: AnyRequest, found: Accounts) -> Account:
    return user_of(found, request.match.parameters["user"])


HANDLERS: Handlers = {
    "list": list_users,
    "show": show_user,
    "create": create_users,
    "create_one": create_one,
    "update_all": update_passwords,
    "update": update_user,
    "delete": delete_user,
    "list_access": list_access,
    "grant": grant_access,
    "revoke": revoke_access,
}
