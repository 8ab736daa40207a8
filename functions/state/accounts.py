"""Databases and users of an instance: what the engine says there is, and the acceptance of changes.

The engine itself is the truth: no row holds a database or a user.
"""

from pydantic import BaseModel
from sqlalchemy.orm import Session

from functions.state.acceptance import Caller, Order, accept, active_operation, lock_instance, not_available
from functions.state.database import transaction
from functions.state.models import Instance, InstanceStatus, Operation, OperationType
from functions.state.transitions import TRANSITIONS


class UserName(BaseModel):
    """What tells a user from another; `%` is anywhere."""

    name: str
    host: str = "%"

    def __str__(self) -> str:
        return f"{self.name}@{self.host}"


class Account(UserName):
    """A user with the databases granted to it."""

    databases: list[str] = []


class Accounts(BaseModel):
    """Everything of the tenant's in a database server, sorted by name; what is the service's own is left out."""

    databases: list[str]
    users: list[Account]
    root_enabled: bool


def require_idle(project_id: str, instance_id: str) -> None:
    """Raises NotFound, Busy: such a change could not be accepted now."""
    with transaction() as session:
        _lock_idle(session, project_id, instance_id)


def accept_change(instance_id: str, caller: Caller, order: Order) -> Operation:
    """Accept a change of databases or users of an instance that is ACTIVE and idle; it stays ACTIVE meanwhile.

    Raises:
        NotFound, Busy.
    """
    with transaction() as session:
        return accept(session, caller, order, _lock_idle(session, caller.project_id, instance_id))


def changing(instance_id: str) -> bool:
    """Whether such a change is under way."""
    with transaction() as session:
        active = active_operation(session, Operation.instance_id == instance_id)
    return active is not None and TRANSITIONS[OperationType(active.type)].quick


def _lock_idle(session: Session, project_id: str, instance_id: str) -> Instance:
    instance = lock_instance(session, project_id, instance_id)
    if instance.status != InstanceStatus.ACTIVE:
        raise not_available("Instance", instance_id, instance.status)
    return instance
