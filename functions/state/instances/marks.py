"""Changes of an instance's row without an operation: name, tags, deletion protection, an administrator's reset of the
status."""

from collections.abc import Mapping

from functions.base.clock import now
from functions.base.errors import NotFound
from functions.base.statuses import InstanceStatus, OperationState
from functions.state.database import transaction
from functions.state.instances import instances
from functions.state.instances.models import Fault
from functions.state.operations import moves, operations

RESET = "the status was reset by an administrator; nothing was undone"
"""The fault of an instance whose status was reset, and the error of its operations."""


def owner(instance_id: str) -> str:
    """Return the project of an instance. Raises NotFound."""
    return instances.load(instance_id).project_id


def mark(project_id: str, instance_id: str, values: Mapping[str, object]) -> None:
    """Set columns of the instance's row: name, tags, deletion_protection. Raises NotFound."""
    with transaction() as session:
        instance = instances.lock(session, instance_id)
        if instance.project_id != project_id or instance.deleted_at is not None:
            raise NotFound(f"Instance {instance_id} cannot be found.")
        for name, value in values.items():
            setattr(instance, name, value)


def reset_to_error(instance_id: str) -> None:
    """Fail the instance's operations without undoing them, and set its status to ERROR. Raises NotFound."""
    owner(instance_id)
    _end_operations(instance_id)
    with transaction() as session:
        instance = instances.lock(session, instance_id)
        instance.status, instance.operating_status = InstanceStatus.ERROR, ""
        created = now().isoformat(timespec="seconds")
        instance.fault = Fault(message=RESET, created=created, details=RESET)


def reset_to_idle(instance_id: str) -> None:
    """Fail the instance's operations, and set its status to ACTIVE if it has a host. Raises NotFound."""
    owner(instance_id)
    _end_operations(instance_id)
    with transaction() as session:
        instance = instances.lock(session, instance_id)
        if instance.host is not None and instance.deleted_at is None:
            instance.status, instance.operating_status, instance.fault = InstanceStatus.ACTIVE, "HEALTHY", None


def _end_operations(instance_id: str) -> None:
    """Fail the operations that hold the instance; their workflows end at the next step, which is refused."""
    with transaction() as session:
        active = [operation.id for operation, _held in operations.holding(session, instance_id)]
    for operation_id in active:
        moves.abort(operation_id, RESET)
        moves.fail(operation_id, OperationState.FAILED, undone=False)
