"""Users of an instance: each verb is one synchronous call of the engine with what the operation's row says."""

from datastores.protocol import codec
from datastores.protocol.accounts import CreateUsers, DeleteUser, UpdateUsers, User, UserChange
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state import operations
from functions.state.subject import Subject, subject
from functions.steps import host


@step("user.create")
def create(_request: Nothing, context: StepContext) -> StepResult:
    """Create the users, or set the passwords of those that are there, and grant them their databases."""
    about = subject(context.operation_id)
    return host.change(about, context, CreateUsers(new_users(about)))


@step("user.update")
def update(_request: Nothing, context: StepContext) -> StepResult:
    """Give users new names and passwords; one that has them stays."""
    about = subject(context.operation_id)
    passwords = _passwords(about)
    changes = tuple(
        codec.decode(UserChange, change | {"password": passwords.get(f"{change['name']}@{change['host']}")})
        for change in about.operation.request["changes"]
    )
    return host.change(about, context, UpdateUsers(changes))


@step("user.delete")
def delete(_request: Nothing, context: StepContext) -> StepResult:
    """Delete the user, if it is there."""
    about = subject(context.operation_id)
    return host.change(about, context, codec.decode(DeleteUser, about.operation.request))


def new_users(about: Subject) -> tuple[User, ...]:
    """The users that the operation is to create, with their passwords."""
    passwords = _passwords(about)
    return tuple(
        codec.decode(User, user | {"password": passwords[f"{user['name']}@{user['host']}"]})
        for user in about.operation.request["users"]
    )


def _passwords(about: Subject) -> dict[str, str]:
    passwords: dict[str, str] = operations.secrets(about.operation.id).get("passwords", {})
    return passwords
