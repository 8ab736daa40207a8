"""What an operation is about: its own row with its instance and backup, read together."""

from dataclasses import dataclass

from functions.runtime.errors import StepRefused
from functions.state.database import transaction
from functions.state.models import Backup, Instance, Operation, OperationType


@dataclass(frozen=True)
class Subject:
    """The rows of one operation."""

    operation: Operation
    maybe_instance: Instance | None
    maybe_backup: Backup | None

    @property
    def instance(self) -> Instance:
        """The instance. Raises StepRefused when the operation has none."""
        if self.maybe_instance is None:
            raise StepRefused(f"operation {self.operation.id} ({self.operation.type}) names no instance")
        return self.maybe_instance

    @property
    def backup(self) -> Backup:
        """The backup. Raises StepRefused when the operation has none."""
        if self.maybe_backup is None:
            raise StepRefused(f"operation {self.operation.id} ({self.operation.type}) names no backup")
        return self.maybe_backup


def subject(operation_id: str) -> Subject:
    """The rows that an operation names. Raises StepRefused when there is no such operation."""
    with transaction() as session:
        operation = session.get(Operation, operation_id)
        if operation is None:
            raise StepRefused(f"no operation {operation_id}")
        instance = session.get(Instance, operation.instance_id) if operation.instance_id else None
        backup = session.get(Backup, operation.backup_id) if operation.backup_id else None
        return Subject(operation, instance, backup)


def wanted(operation_id: str) -> Subject:
    """The rows as the operation is to make them: an upgrade's instance with the new version, which its row gets when
    the host has made the data that version's. Raises StepRefused when there is no such operation."""
    about = subject(operation_id)
    if about.operation.type == OperationType.INSTANCE_UPGRADE:
        about.instance.datastore_version_id = about.operation.request["datastore_version_id"]
    return about
