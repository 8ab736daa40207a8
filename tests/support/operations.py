"""Operations moved by hand, without a workflow, and the rows that they are about."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from functions.base.statuses import OperationState
from functions.operations.parts.new_instances import NewInstance
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.hosts.models import Host
from functions.state.instances.models import Instance
from functions.state.instances.spec import InstanceSpec
from functions.state.operations import moves
from functions.state.operations.models import Operation

SPEC = InstanceSpec(
    datastore_version_id="none", flavor_id="1", flavor_name="small", memory_mb=512, cpus=1, volume_size=1
)


def new_instance(name: str, **values: Any) -> NewInstance:  # noqa: ANN401 - values of the spec
    """A create request of the smallest size."""
    return NewInstance(name=name, spec=SPEC.but(**values))


def begin(operation_id: str) -> None:
    """Begin an operation as its first task does."""
    with transaction() as session:
        operation = moves.lock(session, operation_id)
        if operation.state == OperationState.QUEUED:
            moves.begin(session, operation)


def succeed(operation_id: str) -> None:
    """End an operation as its last task does."""
    with transaction() as session:
        moves.succeed(session, moves.lock(session, operation_id))


def finish(operation: Operation, state: OperationState = OperationState.SUCCEEDED) -> None:
    """Begin an operation and end it."""
    begin(operation.id)
    if state == OperationState.SUCCEEDED:
        succeed(operation.id)
    else:
        moves.abort(operation.id, "ended by the test")
        moves.fail(operation.id, state)


@dataclass(frozen=True)
class Subject:
    """The rows that an operation names."""

    maybe_instance: Instance | None
    maybe_backup: Backup | None

    @property
    def instance(self) -> Instance:
        assert self.maybe_instance is not None
        return self.maybe_instance

    @property
    def backup(self) -> Backup:
        assert self.maybe_backup is not None
        return self.maybe_backup


def subject(operation: Operation) -> Subject:
    """The instance and the backup that an operation names, as they are now."""
    with transaction() as session:
        instance = session.get(Instance, operation.instance_id) if operation.instance_id else None
        backup = session.get(Backup, operation.backup_id) if operation.backup_id else None
        return Subject(instance, backup)


def host_id_of(instance_id: str) -> str:
    """The id of the instance's newest host, in whatever phase."""
    query = select(Host.id).where(Host.instance_id == instance_id).order_by(Host.created.desc())
    with transaction() as session:
        found = session.scalar(query.limit(1))
    assert found is not None, f"instance {instance_id} has no host"
    return found
