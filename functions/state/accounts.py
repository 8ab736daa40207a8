"""Databases and users of an instance: what the engine says there is, and the acceptance of changes.

The engine itself is the truth: no row holds a database or a user.
"""

from pydantic import BaseModel
from sqlalchemy.orm import Session

from functions.operations import kind_of
from functions.state.acceptance import Caller, Order, accept, active_operations, lock_instance, not_available
from functions.state.database import transaction
from functions.state.models import Instance, InstanceStatus, Operation, OperationType

SERVING = frozenset({InstanceStatus.ACTIVE, InstanceStatus.BACKUP})


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
        _lock(session, project_id, instance_id, OperationType.USER_UPDATE)


def accept_change(instance_id: str, caller: Caller, order: Order) -> Operation:
    """Accept a change of databases or users of an instance that serves; it keeps its status meanwhile.

    Raises:
        NotFound, Busy.
    """
    with transaction() as session:
        return accept(session, caller, order, _lock(session, caller.project_id, instance_id, order.type))


def changing(instance_id: str) -> bool:
    """Whether such a change is under way."""
    with transaction() as session:
        return any(kind_of(active).quick for active in active_operations(session, instance_id))


def _lock(session: Session, project_id: str, instance_id: str, wanted: OperationType) -> Instance:
    instance = lock_instance(session, project_id, instance_id, wanted)
    if instance.status not in SERVING:
        raise not_available("Instance", instance_id, instance.status)
    return instance
