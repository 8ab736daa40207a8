"""The three properties of every workflow (DESIGN, failure rules): each step twice, a failure at each step, each
compensation twice. Computed from the workflow files, so that a new workflow or step is covered by being there.

The families are files of their own, `test_properties_<family>.py`, that workers can share.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from functions.runtime.errors import NotFound
from functions.runtime.registry import find
from functions.state import backups, instances
from functions.state.models import (
    Backup,
    BackupStatus,
    Instance,
    InstanceStatus,
    Operation,
    OperationState,
    OperationType,
)
from functions.state.subject import subject
from tests.support.step_proxy import Forward, Reply, Rule, failing, straight, twice, twice_at_once
from tests.workflows import accounts, published_logs
from tests.workflows.runner import Runner
from tests.workflows.world import World, steps_of

CHANGES = (
    OperationType.INSTANCE_RESTART,
    OperationType.INSTANCE_CONFIGURE,
    OperationType.INSTANCE_RESIZE,
    OperationType.INSTANCE_RESIZE_VOLUME,
    OperationType.INSTANCE_ACCESS,
    OperationType.INSTANCE_UPGRADE,
    OperationType.INSTANCE_STOP,
    OperationType.INSTANCE_START,
)
"""What works on an instance and leaves it there, in this order: what looks at a fault before what may leave one."""
LIVES = (
    OperationType.INSTANCE_CREATE,
    OperationType.INSTANCE_RESTORE,
    OperationType.INSTANCE_DELETE,
    OperationType.BACKUP_CREATE,
    OperationType.BACKUP_IMPORT,
    OperationType.BACKUP_DELETE,
)
"""What begins or ends something."""
REST = tuple(kind for kind in OperationType if kind not in CHANGES + LIVES)
"""What changes something within an instance."""
RULES = {"twice": twice, "twice at once": twice_at_once}


def failures(kinds: Sequence[OperationType]) -> list[tuple[OperationType, str]]:
    """Every step on the way of every workflow."""
    return [(kind, step) for kind in kinds for step in steps_of(kind)]


@dataclass
class Standing:
    """An instance and a backup of it, upon a full one, that operations can work on."""

    world: World
    runner: Runner
    instance: Instance
    full: Backup
    backup: Backup

    def accept(self, kind: OperationType) -> Operation:
        """Accept an operation; what it consumes is made for it alone."""
        instance, backup = self.now(), self.backup
        if kind == OperationType.INSTANCE_DELETE:
            instance = new_instance(self.world, self.runner)
        if kind == OperationType.BACKUP_DELETE:
            backup = new_backup(self.world, self.runner, self.instance)
            new_backup(self.world, self.runner, self.instance, backup)
        if kind == OperationType.BACKUP_IMPORT:
            backup = self.full
        if kind == OperationType.INSTANCE_START:
            self.run(OperationType.INSTANCE_STOP)
        for needed in accounts.NEEDS.get(kind, ()):
            self.run(needed)
        return self.world.accept(kind, instance, backup)

    def now(self) -> Instance:
        """The instance as its row says now."""
        return instances.get(self.runner.caller.project_id, self.instance.id)

    def run(self, kind: OperationType) -> None:
        """An operation on the instance that must succeed."""
        operation = self.world.accept(kind, self.now(), None)
        assert self.runner.run(operation, straight).state == OperationState.SUCCEEDED


def new_instance(world: World, runner: Runner) -> Instance:
    instance, operation = world.accept_instance()
    assert runner.run(operation, straight).state == OperationState.SUCCEEDED
    return instance


def new_backup(world: World, runner: Runner, instance: Instance, parent: Backup | None = None) -> Backup:
    operation = world.accept(OperationType.BACKUP_CREATE, instance, parent)
    assert runner.run(operation, straight).state == OperationState.SUCCEEDED
    return subject(operation.id).backup


@contextmanager
def standing_in(world: World, runner: Runner) -> Iterator[Standing]:
    """Inside the block they are there."""
    instance = new_instance(world, runner)
    full = new_backup(world, runner, instance)
    backup = new_backup(world, runner, instance, full)
    yield Standing(world, runner, instance, full, backup)
    for operation in (
        world.accept(OperationType.BACKUP_DELETE, instance, full),
        world.accept(OperationType.INSTANCE_DELETE, instance, None),
    ):
        assert runner.run(operation, straight).state == OperationState.SUCCEEDED


def each_step_twice(standing: Standing, kind: OperationType, rule: Rule) -> None:
    """The effect is the same."""
    ended = standing.runner.run(standing.accept(kind), rule)
    assert ended.state == OperationState.SUCCEEDED, ended.error
    clean_up(standing, ended)


def failure_at(standing: Standing, kind: OperationType, step: str) -> None:
    """The operation is undone."""
    effect = step != steps_of(kind)[-1]  # whose effect is, with it, that the operation has succeeded
    ended = standing.runner.run(standing.accept(kind), failing(step, effect=effect))
    check_failed(standing, ended)
    clean_up(standing, ended)


def each_compensation_twice(standing: Standing, kind: OperationType) -> None:
    """The undoing's effect is the same."""
    last = steps_of(kind)[-1]
    ended = standing.runner.run(standing.accept(kind), failing(last, effect=False, others=compensation_twice))
    check_failed(standing, ended)
    clean_up(standing, ended)


def compensation_twice(step: str, forward: Forward) -> Reply:
    """Undoing is called twice; the way there is not disturbed."""
    return twice(step, forward) if find(step.split(maxsplit=1)[0]).compensation else forward()


def check_failed(standing: Standing, ended: Operation) -> None:
    """The operation failed, was undone, and the API's state says what is."""
    assert ended.state == OperationState.FAILED, f"{ended.state}: {ended.error}"
    assert ended.error, "a failed operation says why"
    assert ended.sealed is None, "secrets are wiped at the end"
    about = subject(ended.id)
    match OperationType(ended.type):
        case OperationType.INSTANCE_CREATE | OperationType.INSTANCE_RESTORE:
            assert about.instance.status == InstanceStatus.ERROR
            assert about.instance.fault
            assert standing.world.left_of_instance(about.instance) == []
        case OperationType.INSTANCE_RESTART | OperationType.INSTANCE_DELETE:
            assert about.instance.status == InstanceStatus.ERROR
        case OperationType.INSTANCE_CONFIGURE:
            assert (about.instance.status, about.instance.operating_status) == (InstanceStatus.ACTIVE, "HEALTHY")
            assert ended.id not in str(about.instance.fault), "a refused configuration is no fault of the instance"
            assert about.instance.configuration_id == ended.request["before"]["configuration_id"]
        case OperationType.INSTANCE_STOP | OperationType.INSTANCE_START:
            assert about.instance.status == InstanceStatus.ERROR
        case (
            OperationType.INSTANCE_RESIZE
            | OperationType.INSTANCE_RESIZE_VOLUME
            | OperationType.INSTANCE_ACCESS
            | OperationType.INSTANCE_UPGRADE
        ):
            assert (about.instance.status, about.instance.operating_status) == (InstanceStatus.ACTIVE, "HEALTHY")
            assert about.instance.fault
        case OperationType.INSTANCE_LOG:
            assert about.instance.status == InstanceStatus.ACTIVE
            assert ended.id not in str(about.instance.fault), "a log that failed is no fault of the instance"
            assert about.instance.enabled_logs == ended.request["logs_before"]
        case kind if kind in accounts.ORDERS:
            assert about.instance.status == InstanceStatus.ACTIVE
            assert ended.id in str(about.instance.fault), (
                "the tenant finds the failure where the answer had gone before"
            )
        case OperationType.BACKUP_CREATE:
            assert about.instance.status == InstanceStatus.ACTIVE
            assert about.backup.status == BackupStatus.FAILED
            assert standing.world.objects_of(about.backup) == []
        case OperationType.BACKUP_IMPORT:
            assert about.backup.status == BackupStatus.FAILED
            assert standing.world.objects_of(about.backup) == []
        case OperationType.BACKUP_DELETE:
            assert about.backup.status == BackupStatus.DELETE_FAILED


def clean_up(standing: Standing, ended: Operation) -> None:
    """Whatever the operation left can be used or deleted as if it were new, and then nothing is left."""
    about = subject(ended.id)
    if ended.type in accounts.ORDERS:
        assert ended.state == OperationState.FAILED or accounts.is_done(ended)
        assert standing.now().status == InstanceStatus.ACTIVE
        return
    if ended.type == OperationType.INSTANCE_LOG:
        assert published_logs.is_as_recorded(standing.now(), standing.world.cloud)
        standing.run(OperationType.INSTANCE_LOG)
        assert published_logs.is_as_recorded(standing.now(), standing.world.cloud)
        return
    if ended.type in CHANGES:
        if about.instance.status != InstanceStatus.ACTIVE or ended.type == OperationType.INSTANCE_RESTART:
            standing.run(OperationType.INSTANCE_RESTART)
        assert standing.now().status == InstanceStatus.ACTIVE
        assert standing.world.is_as_recorded(standing.now())
        return
    project = standing.runner.caller.project_id
    if about.maybe_backup is not None and ended.type != OperationType.INSTANCE_RESTORE:
        if about.backup.deleted_at is None:
            again = standing.world.accept(OperationType.BACKUP_DELETE, standing.instance, about.backup)
            assert standing.runner.run(again, straight).state == OperationState.SUCCEEDED
        assert standing.world.stored_beside(standing.backup) == {standing.full.id, standing.backup.id}
        with pytest.raises(NotFound):
            backups.get(project, about.backup.id)
    elif about.instance.id != standing.instance.id:
        if about.instance.deleted_at is None:
            again = standing.world.accept(OperationType.INSTANCE_DELETE, about.instance, None)
            assert standing.runner.run(again, straight).state == OperationState.SUCCEEDED
        assert standing.world.left_of_instance(about.instance) == []
        with pytest.raises(NotFound):
            instances.get(project, about.instance.id)
    assert standing.world.is_restorable(standing.backup), "nothing else was touched"
