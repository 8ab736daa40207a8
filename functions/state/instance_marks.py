"""What changes in an instance's row alone, without an operation: its name, tags and deletion protection, and the
status that an administrator resets."""

from typing import Any

from sqlalchemy import select

from functions.runtime.clock import now
from functions.runtime.errors import NotFound
from functions.state import operations
from functions.state.database import transaction
from functions.state.models import ACTIVE_STATES, Instance, InstanceStatus, Operation, OperationState

RESET = "the status was reset by an administrator; nothing was undone"


def owner(instance_id: str) -> str:
    """The project that an instance belongs to. Raises NotFound."""
    with transaction() as session:
        instance = session.get(Instance, instance_id)
    if instance is None or instance.deleted_at is not None:
        raise NotFound(f"Instance {instance_id} cannot be found.")
    return instance.project_id


def mark(project_id: str, instance_id: str, values: dict[str, Any]) -> None:
    """Set columns of the instance's row: name, tags, deletion_protection. Raises NotFound."""
    with transaction() as session:
        instance = session.get(Instance, instance_id, with_for_update=True)
        if instance is None or instance.project_id != project_id or instance.deleted_at is not None:
            raise NotFound(f"Instance {instance_id} cannot be found.")
        for name, value in values.items():
            setattr(instance, name, value)


def reset_to_error(instance_id: str) -> None:
    """The instance is in ERROR, and free: whatever goes on has failed, without being undone. Raises NotFound."""
    owner(instance_id)
    _end_operations(instance_id)
    with transaction() as session:
        instance = session.get_one(Instance, instance_id, with_for_update=True)
        instance.status, instance.operating_status = InstanceStatus.ERROR, ""
        created = now().isoformat(timespec="seconds")
        instance.fault = {"message": RESET, "created": created, "details": RESET}


def reset_to_idle(instance_id: str) -> None:
    """The instance is free, and ACTIVE if it was ever built; whatever goes on has failed. Raises NotFound."""
    owner(instance_id)
    _end_operations(instance_id)
    with transaction() as session:
        instance = session.get_one(Instance, instance_id, with_for_update=True)
        if instance.management_address is not None and instance.deleted_at is None:
            instance.status, instance.operating_status, instance.fault = InstanceStatus.ACTIVE, "HEALTHY", None


def _end_operations(instance_id: str) -> None:
    """Fail what is active: its token is dead with it, and its workflow ends at its next step."""
    query = select(Operation.id).where(Operation.instance_id == instance_id, Operation.state.in_(ACTIVE_STATES))
    with transaction() as session:
        active = list(session.scalars(query))
    for operation_id in active:
        operations.abort(operation_id, RESET)
        operations.fail(operation_id, OperationState.FAILED)
