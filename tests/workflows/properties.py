"""The three properties of every workflow (DESIGN, failure rules): each step twice, a failure at each step, each
compensation twice. Computed from the workflow files, so that a new workflow or step is covered by being there.

The families are files of their own, `test_properties_<family>.py`, that workers can share.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from functions.base.errors import NotFound
from functions.base.statuses import BackupStatus, InstanceStatus, OperationState
from functions.framework import operation as operation_kinds
from functions.framework.registry import find
from functions.state.backups import backups
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.groups import groups
from functions.state.instances import instances
from functions.state.instances.models import Instance
from functions.state.instances.spec import InstanceSpec
from functions.state.operations import operations
from functions.state.operations.models import Operation
from tests.support.operations import subject
from tests.support.step_proxy import Forward, Reply, Rule, failing, straight, twice, twice_at_once
from tests.support.waiting import eventually
from tests.workflows import accounts, published_logs
from tests.workflows.runner import Runner
from tests.workflows.world import World, steps_of

CHANGES = (
    "instance_restart",
    "instance_configure",
    "instance_resize",
    "instance_resize_volume",
    "instance_access",
    "instance_tls",
    "instance_upgrade",
    "instance_stop",
    "instance_start",
)
"""What works on an instance and leaves it there, in this order: what looks at a fault before what may leave one."""
LIVES = (
    "instance_create",
    "instance_restore",
    "instance_delete",
    "backup_create",
    "backup_import",
    "backup_delete",
)
"""What begins or ends something."""
GROUPS = (
    "replica_create",
    "replica_promote",
    "replica_detach",
    "replica_rejoin",
    "group_policy",
    "group_roll",
    "group_failover",
)
"""What works on a replica of the instance."""
FOLLOWED = ("instance_configure", "instance_resize_volume")
"""What reaches the instance's replicas, too."""
SERVES_ON = (
    "instance_resize",
    "instance_resize_volume",
    "instance_access",
    "instance_upgrade",
    "replica_promote",
    "replica_detach",
    "group_policy",
    "group_failover",
)
"""What leaves the instance ACTIVE when it is undone, with a fault that says why."""
REST = tuple(kind for kind in operation_kinds.names() if kind not in CHANGES + LIVES + GROUPS)
"""What changes something within an instance."""
RULES = {"twice": twice, "twice at once": twice_at_once}


def failures(kinds: Sequence[str]) -> list[tuple[str, str]]:
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
    replica: Instance | None = None
    """One that is left for the next operation on a group."""

    def accept(self, kind: str) -> Operation:
        """Accept an operation; what it consumes is made for it alone."""
        instance, backup = self.now(), self.backup
        if kind in {"replica_create", "replica_detach"}:
            self.drop_replica()
        if kind == "instance_delete":
            instance = new_instance(self.world, self.runner)
        if kind == "backup_delete":
            backup = new_backup(self.world, self.runner, self.instance)
            new_backup(self.world, self.runner, self.instance, backup)
        if kind == "backup_import":
            backup = self.full
        if kind in {"replica_promote", "replica_detach", "replica_rejoin", "group_failover"}:
            instance = new_replica(self)
        if kind in {"group_policy", "group_roll"}:
            new_replica(self)
            instance = self.now()
        if kind == "group_failover":
            promotion = self.world.accept("replica_promote", instance, None)
            assert self.runner.run(promotion, straight).state == OperationState.SUCCEEDED
        if kind == "instance_start":
            self.run("instance_stop")
        for needed in accounts.NEEDS.get(kind, ()):
            self.run(needed)
        return self.world.accept(kind, instance, backup)

    def now(self) -> Instance:
        """The instance as its row says now."""
        return instances.get(self.runner.caller.project_id, self.instance.id)

    def members(self) -> list[Instance]:
        """The instance, and its replicas if it has any."""
        with transaction() as session:
            group_id = self.now().group_id
            return groups.members(session, [group_id]) if group_id else [self.now()]

    def drop_replica(self) -> None:
        """Delete what is left of replicas."""
        for replica in self.world.replicas_of(self.now()):
            operation = self.world.accept("instance_delete", replica, None)
            assert self.runner.run(operation, straight).state == OperationState.SUCCEEDED
        self.replica = None

    def run(self, kind: str) -> None:
        """An operation on the instance that must succeed."""
        operation = self.world.accept(kind, self.now(), None)
        assert self.runner.run(operation, straight).state == OperationState.SUCCEEDED


def new_instance(world: World, runner: Runner) -> Instance:
    instance, operation = world.accept_instance()
    assert runner.run(operation, straight).state == OperationState.SUCCEEDED
    return instance


def new_replica(standing: Standing) -> Instance:
    """A replica that follows: the one that is there, or a new one."""
    if standing.replica is None:
        operation = standing.world.accept("replica_create", standing.now(), None)
        assert standing.runner.run(operation, straight).state == OperationState.SUCCEEDED
        standing.replica = subject(operation).instance
    return instances.get(standing.runner.caller.project_id, standing.replica.id)


def new_backup(world: World, runner: Runner, instance: Instance, parent: Backup | None = None) -> Backup:
    operation = world.accept("backup_create", instance, parent)
    assert runner.run(operation, straight).state == OperationState.SUCCEEDED
    return subject(operation).backup


@contextmanager
def standing_in(world: World, runner: Runner) -> Iterator[Standing]:
    """Inside the block they are there."""
    instance = new_instance(world, runner)
    full = new_backup(world, runner, instance)
    backup = new_backup(world, runner, instance, full)
    made = Standing(world, runner, instance, full, backup)
    yield made
    made.drop_replica()
    for operation in (
        world.accept("backup_delete", instance, full),
        world.accept("instance_delete", instance, None),
    ):
        assert runner.run(operation, straight).state == OperationState.SUCCEEDED


def each_step_twice(standing: Standing, kind: str, rule: Rule) -> None:
    """The effect is the same."""
    ended = standing.runner.run(standing.accept(kind), rule)
    assert ended.state == OperationState.SUCCEEDED, ended.error
    clean_up(standing, ended)


def failure_at(standing: Standing, kind: str, step: str) -> None:
    """The operation is undone."""
    effect = step != steps_of(kind)[-1]  # whose effect is, with it, that the operation has succeeded
    ended = standing.runner.run(standing.accept(kind), failing(step, effect=effect))
    check_failed(standing, ended)
    clean_up(standing, ended)


def each_compensation_twice(standing: Standing, kind: str) -> None:
    """The undoing's effect is the same."""
    last = steps_of(kind)[-1]
    ended = standing.runner.run(standing.accept(kind), failing(last, effect=False, others=compensation_twice))
    check_failed(standing, ended)
    clean_up(standing, ended)


def compensation_twice(step: str, forward: Forward) -> Reply:
    """Undoing is called twice; the way there is not disturbed."""
    return twice(step, forward) if find(step.split(maxsplit=1)[0]).compensation else forward()


def before_of(operation: Operation) -> InstanceSpec:
    """The spec that the operation's instance had before."""
    [target] = [target for target in operation.targets if target.resource_id == operation.instance_id]
    assert target.before is not None
    return target.before


def check_failed(standing: Standing, ended: Operation) -> None:
    """The operation failed, was undone, and the API's state says what is."""
    assert ended.state == OperationState.FAILED, f"{ended.state}: {ended.error}"
    assert ended.error, "a failed operation says why"
    assert ended.sealed is None, "secrets are wiped at the end"
    about = subject(ended)
    match ended.type:
        case "instance_create" | "instance_restore" | "replica_create":
            assert about.instance.status == InstanceStatus.ERROR
            assert about.instance.fault
            assert standing.world.left_of_instance(about.instance) == []
        case "instance_restart" | "instance_delete":
            assert about.instance.status == InstanceStatus.ERROR
        case "replica_rejoin":
            assert about.instance.status == InstanceStatus.ERROR
            assert about.instance.fault
            assert standing.now().status == InstanceStatus.ACTIVE
        case "instance_configure":
            assert (about.instance.status, about.instance.operating_status) == (InstanceStatus.ACTIVE, "HEALTHY")
            assert ended.id not in str(about.instance.fault), "a refused configuration is no fault of the instance"
            assert about.instance.configuration_id == before_of(ended).configuration_id
        case "instance_tls":
            assert (about.instance.status, about.instance.operating_status) == (InstanceStatus.ACTIVE, "HEALTHY")
            assert ended.id not in str(about.instance.fault), "a refused certificate is no fault of the instance"
            assert about.instance.tls == before_of(ended).tls
        case "instance_stop" | "instance_start":
            assert about.instance.status == InstanceStatus.ERROR
        case kind if kind in SERVES_ON:
            assert (about.instance.status, about.instance.operating_status) == (InstanceStatus.ACTIVE, "HEALTHY")
            assert about.instance.fault
        case "instance_log":
            assert about.instance.status == InstanceStatus.ACTIVE
            assert ended.id not in str(about.instance.fault), "a log that failed is no fault of the instance"
            assert about.instance.enabled_logs == (before_of(ended).enabled_logs)
        case kind if kind in accounts.CHANGES:
            assert about.instance.status == InstanceStatus.ACTIVE
            assert ended.id in str(about.instance.fault), (
                "the tenant finds the failure where the answer had gone before"
            )
        case "backup_create":
            assert about.instance.status == InstanceStatus.ACTIVE
            assert about.backup.status == BackupStatus.FAILED
            assert standing.world.objects_of(about.backup) == []
        case "backup_import":
            assert about.backup.status == BackupStatus.FAILED
            assert standing.world.objects_of(about.backup) == []
        case "backup_delete":
            assert about.backup.status == BackupStatus.DELETE_FAILED


def clean_up(standing: Standing, ended: Operation) -> None:
    """Whatever the operation left can be used or deleted as if it were new, and then nothing is left."""
    about = subject(ended)
    if ended.type in accounts.CHANGES:
        assert ended.state == OperationState.FAILED or accounts.is_done(ended)
        assert standing.now().status == InstanceStatus.ACTIVE
        return
    if ended.type == "instance_log":
        assert published_logs.is_as_recorded(standing.now(), standing.world.cloud)
        standing.run("instance_log")
        assert published_logs.is_as_recorded(standing.now(), standing.world.cloud)
        return
    if ended.type in CHANGES:
        if about.instance.status != InstanceStatus.ACTIVE or ended.type == "instance_restart":
            standing.run("instance_restart")
        for member in standing.members():
            assert member.status == InstanceStatus.ACTIVE
            assert member.configuration_id == standing.now().configuration_id
            assert standing.world.is_as_recorded(member)
        return
    if ended.type == "replica_detach":
        standing.replica = None
    if ended.type in SETTLED:
        SETTLED[ended.type](standing, ended)
    check_led(standing, ended)
    project = standing.runner.caller.project_id
    if about.maybe_backup is not None and ended.type != "instance_restore":
        if about.backup.deleted_at is None:
            again = standing.world.accept("backup_delete", standing.instance, about.backup)
            assert standing.runner.run(again, straight).state == OperationState.SUCCEEDED
        with pytest.raises(NotFound):
            backups.get(project, about.backup.id)
    elif about.instance.id not in {standing.instance.id, standing.replica and standing.replica.id}:
        if about.instance.deleted_at is None:
            again = standing.world.accept("instance_delete", about.instance, None)
            assert standing.runner.run(again, straight).state == OperationState.SUCCEEDED
        assert standing.world.left_of_instance(about.instance) == []
        if ended.type in GROUPS:
            assert standing.world.led_to(standing.now()) == alone(standing.instance)
        with pytest.raises(NotFound):
            instances.get(project, about.instance.id)
    assert standing.world.stored_beside(standing.backup) == {standing.full.id, standing.backup.id}, "nothing is left"
    assert standing.world.is_restorable(standing.backup), "nothing else was touched"


def check_led(standing: Standing, ended: Operation) -> None:
    """Readers are led to a replica that was made, and to the instance when it has left."""
    if ended.type == "replica_create" and ended.state == OperationState.SUCCEEDED:
        led_to = {"primary": [standing.instance.id], "readers": [subject(ended).instance.id]}
        assert standing.world.led_to(standing.now()) == led_to
    if ended.type == "replica_detach" and ended.state == OperationState.SUCCEEDED:
        assert standing.world.led_to(standing.now()) == alone(standing.instance)


def alone(instance: Instance) -> dict[str, list[str]]:
    """Where the endpoints of a group lead whose replicas have gone."""
    return {"primary": [instance.id], "readers": [instance.id]}


def take_back(standing: Standing, promotion: Operation) -> None:
    """The instance is its group's primary, as it was or again."""
    if promotion.state == OperationState.SUCCEEDED:
        assert standing.world.is_following(standing.now(), subject(promotion).instance)
        standing.run("replica_promote")
    assert standing.now().status == subject(promotion).instance.status == InstanceStatus.ACTIVE
    assert standing.world.is_following(subject(promotion).instance, standing.now())


def bring_back(standing: Standing, rejoin: Operation) -> None:
    """The replica follows, at once or when it is tried again."""
    if rejoin.type != "replica_rejoin" or rejoin.state != OperationState.SUCCEEDED:
        again = standing.world.accept("replica_rejoin", subject(rejoin).instance, None)
        assert standing.runner.run(again, straight).state == OperationState.SUCCEEDED
    assert subject(rejoin).instance.status == InstanceStatus.ACTIVE
    assert standing.world.is_following(subject(rejoin).instance, standing.now())


def keep_policy(standing: Standing, change: Operation) -> None:
    """The group has the policy that it should have."""
    assert standing.world.has_policy(standing.now(), change)


def end_roll(standing: Standing, roll: Operation) -> None:
    """What the series began ends by itself; a whole one leaves the replica in the instance's place."""
    members = [member.id for member in standing.members()]
    eventually(lambda: not any(operations.are_under_way(each, but=roll.id) for each in members), "all of it has ended")
    assert {member.status for member in standing.members()} == {InstanceStatus.ACTIVE}
    if roll.state == OperationState.SUCCEEDED:
        assert not standing.world.is_primary(standing.now())
    if not standing.world.is_primary(standing.now()):
        standing.run("replica_promote")


def settle(standing: Standing, failover: Operation) -> None:
    """Either the instance took the other's place, and that can be brought back, or it can still take it."""
    other = subject(failover).instance
    assert other.status == standing.now().status == InstanceStatus.ACTIVE
    if failover.state == OperationState.SUCCEEDED:
        assert standing.world.is_primary(standing.now())
    if standing.world.is_primary(standing.now()):
        bring_back(standing, failover)
        return
    assert standing.world.is_following(standing.now(), other)
    standing.run("replica_promote")
    assert standing.world.is_following(subject(failover).instance, standing.now())


SETTLED: Mapping[str, Callable[[Standing, Operation], None]] = {
    "replica_promote": take_back,
    "replica_rejoin": bring_back,
    "group_policy": keep_policy,
    "group_roll": end_roll,
    "group_failover": settle,
}
"""What shows that the group is as it should be after an operation, and makes the instance its primary again."""
