"""Acceptance of operations on replicas, and what they leave in the rows."""

import uuid

import pytest

from datastores.protocol.turns import Lock
from functions.base.errors import BadRequest, Busy, Forbidden, NotASource, QuotaExceeded
from functions.base.statuses import InstanceStatus, OperationState
from functions.framework.operation import Part
from functions.operations import (
    group_roll,
    instance_delete,
    instance_restart,
    instance_upgrade,
    replica_create,
    replica_detach,
    replica_promote,
)
from functions.operations.group_roll import Change
from functions.operations.parts import accounts
from functions.state.groups import choice, groups
from functions.state.groups.choice import Choice
from functions.state.groups.models import Role
from functions.state.instances import instances
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller
from functions.state.quotas import quotas
from functions.topology.flavors import Flavor
from tests.support.operations import finish, new_instance
from tests.support.replicas import replicas, source_of, targets

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture
def caller() -> Caller:
    """Somebody in a project of the test's own."""
    return Caller(f"replicas-{uuid.uuid4()}", "tester", "req-replicas")


@pytest.fixture
def source(caller: Caller) -> Instance:
    """An instance that serves."""
    return source_of(caller)


def test_the_source_serves_on_while_replicas_are_made(source: Instance, caller: Caller) -> None:
    replica, created = replica_create.accept_replicas(source.id, new_instance("replica"), 1, caller)
    assert targets(created) == {
        replica.id: (Part.NEW, Lock.EXCLUSIVE),
        source.id: (Part.SOURCE, Lock.MEMBERSHIP),
    }
    assert instances.load(source.id).status == InstanceStatus.ACTIVE
    assert instances.load(replica.id).status == InstanceStatus.BUILD
    accounts.require_idle(caller.project_id, source.id)
    with pytest.raises(Busy, match="replica_create"):
        instance_restart.accept_restart(source.id, caller)
    finish(created)
    assert instances.load(source.id).role == Role.PRIMARY
    assert instances.load(replica.id).status == InstanceStatus.ACTIVE
    instance_restart.accept_restart(source.id, caller)


def test_several_are_made_by_one_operation_and_numbered(source: Instance, caller: Caller) -> None:
    assert [replica.name for replica in replicas(source, caller, 3)] == ["replica-1", "replica-2", "replica-3"]


def test_all_of_them_count(source: Instance, caller: Caller) -> None:
    quotas.update(caller.project_id, {"instances": 3})
    with pytest.raises(QuotaExceeded, match="instances"):
        replica_create.accept_replicas(source.id, new_instance("replica"), 3, caller)
    assert instances.load(source.id).group_id is None


def test_replicas_that_were_not_made_are_in_error(source: Instance, caller: Caller) -> None:
    replica, created = replica_create.accept_replicas(source.id, new_instance("replica"), 1, caller)
    finish(created, OperationState.FAILED)
    assert instances.load(replica.id).status == InstanceStatus.ERROR
    assert instances.load(replica.id).host is None
    shown = instances.load(source.id)
    assert (shown.status, shown.fault) == (InstanceStatus.ACTIVE, None)
    assert shown.host is not None


def test_a_replica_has_no_replicas(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    with pytest.raises(NotASource, match="is a replica"):
        replica_create.accept_replicas(replica.id, new_instance("second"), 1, caller)


def test_accounts_are_changed_on_the_source(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    with pytest.raises(BadRequest, match="of its source"):
        accounts.require_idle(caller.project_id, replica.id)


def test_a_source_is_not_deleted_before_its_replicas(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    with pytest.raises(Forbidden, match=replica.id):
        instance_delete.accept_delete(source.id, caller)
    deleted = instance_delete.accept_delete(replica.id, caller)
    assert targets(deleted)[source.id] == (Part.SOURCE, Lock.MEMBERSHIP)
    finish(deleted)
    finish(instance_delete.accept_delete(source.id, caller))


def test_a_promotion_holds_the_whole_group(source: Instance, caller: Caller) -> None:
    first, second = replicas(source, caller, 2)
    promoted = replica_promote.accept_promote(second.id, caller)
    assert targets(promoted) == {
        source.id: (Part.PRIMARY, Lock.EXCLUSIVE),
        first.id: (Part.MEMBER, Lock.EXCLUSIVE),
        second.id: (Part.MEMBER, Lock.EXCLUSIVE),
    }
    assert {instances.load(each.id).status for each in (source, first, second)} == {InstanceStatus.PROMOTE}
    group = groups.of(instances.load(source.id))
    assert (group.epoch, group.primary_id) == (1, source.id)
    groups.record_primary(group.id, second.id, 2)
    finish(promoted)
    roles = {each.id: instances.load(each.id).role for each in (source, first, second)}
    assert roles == {source.id: Role.REPLICA, first.id: Role.REPLICA, second.id: Role.PRIMARY}


def test_an_older_epoch_changes_nothing(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    group = groups.of(instances.load(source.id))
    groups.record_primary(group.id, replica.id, 5)
    groups.record_primary(group.id, source.id, 4)
    assert groups.of(instances.load(source.id)).primary_id == replica.id


@pytest.mark.parametrize("accept", [replica_promote.accept_promote, replica_detach.accept_detach])
def test_only_replicas_are_promoted_and_detached(source: Instance, caller: Caller, accept: object) -> None:
    assert callable(accept)
    with pytest.raises(BadRequest, match="is not a replica"):
        accept(source.id, caller)
    replicas(source, caller)
    with pytest.raises(BadRequest, match="is not a replica"):
        accept(source.id, caller)


def test_a_member_is_not_upgraded_to_another_version(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    for member in (instances.load(source.id), replica):
        with pytest.raises(BadRequest, match="would not follow"):
            instance_upgrade.accept_upgrade(member, "another", caller)


def test_a_detached_replica_is_an_instance_like_any(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    detached = replica_detach.accept_detach(replica.id, caller)
    assert instances.load(replica.id).status == InstanceStatus.DETACH
    assert instances.load(source.id).status == InstanceStatus.ACTIVE
    groups.leave(replica.id)
    finish(detached)
    assert instances.load(replica.id).role is None
    finish(instance_delete.accept_delete(source.id, caller))


def test_what_any_member_can_do_is_done_by_the_primary_until_a_replica_is_seen_to_follow(
    source: Instance, caller: Caller
) -> None:
    for each in (Choice.ANY, Choice.PRIMARY):
        assert choice.member(source, each).id == source.id
    [replica] = replicas(source, caller, 1)
    replica = instances.load(replica.id)
    assert choice.member(replica, Choice.ANY).id == choice.member(replica, Choice.PRIMARY).id == source.id
    with pytest.raises(BadRequest, match="no ACTIVE replica that follows"):
        choice.member(replica, Choice.REPLICA)


def test_a_roll_holds_the_source_against_another_roll_only(source: Instance, caller: Caller) -> None:
    with pytest.raises(BadRequest, match="not a replica source"):
        group_roll.accept_roll(source.id, Change.RESTART, caller)
    [replica] = replicas(source, caller, 1)
    roll = group_roll.accept_roll(source.id, Change.RESTART, caller)
    assert targets(roll) == {source.id: (Part.MEMBER, Lock.ROLLING)}
    assert instances.load(source.id).status == InstanceStatus.ACTIVE
    with pytest.raises(Busy, match="group_roll"):
        group_roll.accept_roll(source.id, Change.UPGRADE, caller)
    with pytest.raises(BadRequest, match="not a replica source"):
        group_roll.accept_roll(replica.id, Change.RESTART, caller)
    finish(instance_restart.accept_restart(source.id, caller))
    finish(roll, OperationState.FAILED)
    assert roll.id in str(instances.load(source.id).fault)


def test_a_flavor_whose_replicas_could_not_follow_is_refused(source: Instance, caller: Caller) -> None:
    replicas(source, caller, 1)
    small = Flavor(id="0", name="tiny", ram=256, vcpus=1, disk=1)
    with pytest.raises(BadRequest, match="could not follow the source as it is"):
        group_roll.accept_roll(source.id, Change.RESIZE, caller, small)
