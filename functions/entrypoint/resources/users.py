"""Users of an instance, and the databases they may use."""

from functions.entrypoint.call import AnyCall, Call, Handlers, Reply
from functions.entrypoint.models import (
    AccessGrant,
    UsersCreate,
    UsersListParametersQuery,
    UsersUpdate,
    UserUpdate,
)
from functions.entrypoint.pagination import cut, links, page_size
from functions.entrypoint.resources.accounts import changed_user, new_passwords, new_users
from functions.entrypoint.resources.instance_accounts import require_databases, target_of, user_name, user_of
from functions.entrypoint.views.accounts import databases_view, user_view
from functions.runtime.errors import BadRequest, NotFound
from functions.state.accounts import Account, Accounts
from functions.state.models import OperationType


def list_users(call: Call[None, UsersListParametersQuery]) -> Reply:
    """A page of the users, by name and host. Raises: see `instance_accounts`."""
    size = page_size(call.query.limit)
    users = target_of(call, "users").look().users
    if call.query.marker is not None:
        last = user_name(call.query.marker)
        users = [user for user in users if (user.name, user.host) > (last.name, last.host)]
    page = cut(users, size, str)
    return {"users": [user_view(user) for user in page.items]} | links(call.place, "users", page.next_marker)


def show_user(call: AnyCall) -> Reply:
    """A user with its databases. Raises NotFound; others: see `instance_accounts`."""
    return {"user": user_view(_user(call, target_of(call, "users").look()))}


def create_users(call: Call[UsersCreate, None]) -> Reply:
    """Accept new users.

    Raises:
        BadRequest: the datastore refuses a name, there is such a user, or a database is not there.
        Others: see `instance_accounts`.
    """
    target = target_of(call, "users")
    asked = call.body.users if isinstance(call.body.users, list) else [call.body.users]
    users = new_users(asked, None, target.datastore)
    found = target.look_before_change()
    new_users(asked, found.databases, target.datastore)
    existing = {str(user) for user in found.users}
    for user in users:
        if user.account in existing:
            raise BadRequest(f"User '{user.account}' already exists.")
    request = {"users": [user.model_dump(exclude={"password"}) for user in users]}
    passwords = {user.account: user.password.get_secret_value() for user in users}
    target.change(call, OperationType.USER_CREATE, request, passwords=passwords)
    return None


def create_one(call: Call[UsersCreate, None]) -> Reply:
    """The same of the one user that the path names, as openstacksdk asks for it. Raises as `create_users`."""
    target_of(call, "users")
    asked = call.body.users if isinstance(call.body.users, list) else [call.body.users]
    if [item.name for item in asked] != [call.match.parameters["user"]]:
        raise BadRequest("Validation error: users must be the one user that the path names")
    return create_users(call)


def update_passwords(call: Call[UsersUpdate, None]) -> Reply:
    """Accept new passwords of users. Raises BadRequest, NotFound; others: see `instance_accounts`."""
    target = target_of(call, "users")
    passwords = new_passwords(call.body.users, target.datastore)
    existing = {str(user): user for user in target.look_before_change().users}
    for account in passwords:
        if account not in existing:
            raise NotFound(f"User '{account}' cannot be found.")
    changes = [{"name": existing[account].name, "host": existing[account].host} for account in passwords]
    target.change(call, OperationType.USER_UPDATE, {"changes": changes}, passwords=passwords)
    return None


def update_user(call: Call[UserUpdate, None]) -> Reply:
    """Accept a new name, password or host of a user.

    Raises:
        BadRequest: nothing is to change, the datastore refuses the name or host, or another user has it.
        NotFound; others: see `instance_accounts`.
    """
    target = target_of(call, "users")
    found = target.look_before_change()
    user = _user(call, found)
    after, password = changed_user(user, call.body.user, target.datastore)
    if str(after) != str(user) and str(after) in {str(other) for other in found.users}:
        raise BadRequest(f"User '{after}' already exists.")
    change = {"name": user.name, "host": user.host, "new_name": after.name, "new_host": after.host}
    passwords = {} if password is None else {str(user): password}
    target.change(call, OperationType.USER_UPDATE, {"changes": [change]}, passwords=passwords)
    return None


def delete_user(call: AnyCall) -> Reply:
    """Accept the deletion of a user. Raises NotFound; others: see `instance_accounts`."""
    target = target_of(call, "users")
    user = _user(call, target.look_before_change())
    target.change(call, OperationType.USER_DELETE, {"name": user.name, "host": user.host})
    return None


def list_access(call: AnyCall) -> Reply:
    """The databases of a user. Raises NotFound; others: see `instance_accounts`."""
    return {"databases": databases_view(_user(call, target_of(call, "users").look()).databases)}


def grant_access(call: Call[AccessGrant, None]) -> Reply:
    """Accept a grant. Raises NotFound: no such user or database; others: see `instance_accounts`."""
    target = target_of(call, "users")
    found = target.look_before_change()
    user, names = _user(call, found), list(dict.fromkeys(item.name for item in call.body.databases))
    require_databases(found, names)
    target.change(call, OperationType.ACCESS_GRANT, {"name": user.name, "host": user.host, "databases": names})
    return None


def revoke_access(call: AnyCall) -> Reply:
    """Accept a revocation. Raises NotFound: no such user, or not granted; others: see `instance_accounts`."""
    target, name = target_of(call, "users"), call.match.parameters["database"]
    user = _user(call, target.look_before_change())
    if name not in user.databases:
        raise NotFound(f"Database '{name}' cannot be found: it is not granted to user '{user}'.")
    target.change(call, OperationType.ACCESS_REVOKE, {"name": user.name, "host": user.host, "databases": [name]})
    return None


def _user(call: AnyCall, found: Accounts) -> Account:
    return user_of(found, call.match.parameters["user"])


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
