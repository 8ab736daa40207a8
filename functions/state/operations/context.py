"""The context of an operation's step: the rows of the operation and of the target that the step works on."""

from dataclasses import dataclass, field

from datastores.protocol.turns import Lock, Turn
from functions.base.errors import StepRefused
from functions.framework.operation import Part, find
from functions.framework.step import StepContext
from functions.state.backups.models import Backup
from functions.state.hosts.models import Host
from functions.state.instances.models import Instance
from functions.state.instances.spec import InstanceSpec
from functions.state.operations.models import Operation, OperationTarget


@dataclass(frozen=True, kw_only=True)
class TaskContext(StepContext):
    """A call of a task's step on one target."""

    operation: Operation
    task: str
    again: bool = False
    """Whether the last call of the step answered `done: false`."""
    target: OperationTarget | None = None
    maybe_instance: Instance | None = field(default=None, repr=False)
    maybe_host: Host | None = field(default=None, repr=False)
    maybe_backup: Backup | None = field(default=None, repr=False)
    as_before: bool = False
    """Whether the step gets the instance's spec before the operation."""

    @property
    def instance(self) -> Instance:
        """The target's instance. Raises StepRefused if the task has none."""
        if self.maybe_instance is None:
            raise StepRefused(f"operation {self.operation.id} ({self.operation.type}) names no instance")
        return self.maybe_instance

    @property
    def host(self) -> Host:
        """The host that serves the instance or is prepared for it. Raises StepRefused if there is none."""
        if self.maybe_host is None:
            raise StepRefused(f"instance {self.instance.id} has no host")
        return self.maybe_host

    @property
    def backup(self) -> Backup:
        """The operation's backup. Raises StepRefused if the operation has none."""
        if self.maybe_backup is None:
            raise StepRefused(f"operation {self.operation.id} ({self.operation.type}) names no backup")
        return self.maybe_backup

    @property
    def leaving(self) -> set[str]:
        """The ids of the instances that leave their group by the operation, or by its undoing, since it made them."""
        part = Part.LEAVING if self.operation.error is None else Part.NEW
        return {target.resource_id for target in self.operation.targets if target.part == part}

    @property
    def line(self) -> tuple[str, str, str]:
        """The key of the task's line in the timeline."""
        return self.operation.id, self.task, self.target.resource_id if self.target else ""

    @property
    def spec(self) -> InstanceSpec:
        """The spec that the step must bring about: the new one, or the old one while undoing."""
        wanted = None if self.target is None else self.target.before if self.as_before else self.target.after
        return wanted or self.instance.spec

    @property
    def turn(self) -> Turn:
        """The operation's fence and lock class, which the host compares with those of other operations."""
        if self.target is None or self.target.held is None:
            return Turn(0, find(self.operation.type).lock)
        return Turn(self.target.fence, Lock(self.target.held))
