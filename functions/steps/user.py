"""Users of an instance: each verb is one synchronous call of the engine with what the operation's row says."""

from typing import Any

from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state import operations
from functions.state.subject import Subject, subject
from functions.steps import host


@step("user.create")
def create(_request: Nothing, context: StepContext) -> StepResult:
    """Create the users, or set the passwords of those that are there, and grant them their databases."""
    about = subject(context.operation_id)
    return host.change(about, context, "create_users", {"users": new_users(about)})


@step("user.update")
def update(_request: Nothing, context: StepContext) -> StepResult:
    """Give users new names and passwords; one that has them stays."""
    about = subject(context.operation_id)
    passwords = _passwords(about)
    changes = [
        change | {"password": passwords.get(f"{change['name']}@{change['host']}")}
        for change in about.operation.request["changes"]
    ]
    return host.change(about, context, "update_users", {"changes": changes})


@step("user.delete")
def delete(_request: Nothing, context: StepContext) -> StepResult:
    """Delete the user, if it is there."""
    about = subject(context.operation_id)
    return host.change(about, context, "delete_user", about.operation.request)


def new_users(about: Subject) -> list[dict[str, Any]]:
    """The users that the operation is to create, with their passwords, as the host takes them."""
    passwords = _passwords(about)
    return [
        user
        | {
            "password": passwords[f"{user['name']}@{user['host']}"],
            "databases": [{"name": name} for name in user["databases"]],
        }
        for user in about.operation.request["users"]
    ]


def _passwords(about: Subject) -> dict[str, str]:
    passwords: dict[str, str] = operations.secrets(about.operation.id).get("passwords", {})
    return passwords
