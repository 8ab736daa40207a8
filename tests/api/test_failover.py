"""Acceptance of failovers and of policies, and what they leave in the rows."""

import uuid
from datetime import timedelta

import pytest

from datastores.protocol.replication import MemberPosition
from datastores.protocol.turns import Lock
from functions.base.clock import now
from functions.base.errors import BadRequest, Busy, NotFound
from functions.base.statuses import InstanceStatus, OperationState
from functions.framework.operation import Part
from functions.operations import group_failover, group_policy, instance_restart, replica_create, replica_promote
from functions.state.database import transaction
from functions.state.groups import groups, watching
from functions.state.groups.models import Group
from functions.state.groups.policy import BelowQuorum, FailoverMode, FailoverPolicy
from functions.state.instances import instances
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller, request_of
from tests.support.operations import finish, new_instance
from tests.support.replicas import replicas, source_of, targets

pytestmark = pytest.mark.usefixtures("state")
AUTOMATIC = FailoverPolicy(automatic=True)
SYNCHRONOUS = FailoverMode.SYNCHRONOUS


@pytest.fixture
def caller() -> Caller:
    """Somebody in a project of the test's own."""
    return Caller(f"failover-{uuid.uuid4()}", "tester", "req-failover")


@pytest.fixture
def source(caller: Caller) -> Instance:
    """An instance that serves."""
    return source_of(caller)


def has_failed(instance: Instance) -> None:
    """The probe has found that the instance does not serve."""
    with transaction() as session:
        session.get_one(Instance, instance.id).operating_status = "ERROR"


def group_of(instance: Instance) -> Group:
    return groups.of(instances.load(instance.id))


def test_a_source_that_serves_is_not_ejected(source: Instance, caller: Caller) -> None:
    with pytest.raises(BadRequest, match="not a replica source"):
        group_failover.accept_eject(source.id, caller)
    [replica] = replicas(source, caller)
    with pytest.raises(BadRequest, match="is healthy"):
        group_failover.accept_eject(source.id, caller)
    with pytest.raises(BadRequest, match="not a replica source"):
        group_failover.accept_eject(replica.id, caller)
    with pytest.raises(NotFound):
        group_failover.accept_eject(source.id, Caller("another", "tester", "req"))


def test_an_ejection_holds_the_whole_group_whatever_else_is_under_way(source: Instance, caller: Caller) -> None:
    first, second = replicas(source, caller, 2)
    restart = instance_restart.accept_restart(first.id, caller)
    has_failed(source)
    ejected = group_failover.accept_eject(source.id, caller)
    assert targets(ejected) == {
        source.id: (Part.PRIMARY, Lock.FAILOVER),
        first.id: (Part.MEMBER, Lock.FAILOVER),
        second.id: (Part.MEMBER, Lock.FAILOVER),
    }
    assert {instances.load(each.id).status for each in (source, first, second)} == {InstanceStatus.EJECT}
    with pytest.raises(Busy, match="group_failover"):
        group_failover.accept_eject(source.id, caller)
    finish(restart)
    groups.record_primary(group_of(source).id, second.id, request_of(ejected, group_failover.Request).epoch)
    finish(ejected)
    roles = {each.id: str(instances.load(each.id).role) for each in (source, first, second)}
    assert roles == {source.id: "replica", first.id: "replica", second.id: "primary"}


def test_no_two_operations_have_the_same_epoch(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    promotion = replica_promote.accept_promote(replica.id, caller)
    has_failed(source)
    failover = group_failover.accept_eject(source.id, caller)
    promoted, failed_over = (
        request_of(promotion, replica_promote.Request).epoch,
        request_of(failover, group_failover.Request).epoch,
    )
    assert failed_over > promoted + 1, "one more is for the promotion's undoing"
    finish(promotion, OperationState.FAILED)
    finish(failover, OperationState.FAILED)
    again = replica_promote.accept_promote(replica.id, caller)
    assert request_of(again, replica_promote.Request).epoch > failed_over + 1


def test_a_group_without_automatic_failover_is_not_watched(source: Instance, caller: Caller) -> None:
    replicas(source, caller)
    group = group_of(source)
    assert group.id not in watching.claim(1000)
    finish(group_policy.accept_policy(instances.load(source.id), AUTOMATIC, caller))
    assert group.id in watching.claim(1000)
    assert group.id not in watching.claim(1000), "one run has it"
    finish(group_policy.accept_policy(instances.load(source.id), FailoverPolicy(), caller))
    assert watching.renew(group.id, None) is None


def test_a_run_that_ends_leaves_its_groups_to_others(source: Instance, caller: Caller) -> None:
    replicas(source, caller)
    finish(group_policy.accept_policy(instances.load(source.id), AUTOMATIC, caller))
    group = group_of(source)
    watching.claim(1000)
    position = MemberPosition(1, 10, 10)
    assert watching.renew(group.id, position) is not None
    assert group_of(source).last_seen == position
    watching.release(group.id)
    assert group.id in watching.claim(1000)
    with transaction() as session:
        session.get_one(Group, group.id).watched_until = now() - timedelta(seconds=1)
    assert group.id in watching.claim(1000), "of a run that has died"


def test_what_is_lost_fails_over_once_and_is_watched_again(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    finish(group_policy.accept_policy(instances.load(source.id), AUTOMATIC, caller))
    group = group_of(source)
    with pytest.raises(Busy, match="not lost"):
        group_failover.accept_automatic(group.id)
    assert watching.record_loss(group)
    assert [each.id for each in watching.lost() if each.id == group.id] == [group.id]
    failover = group_failover.accept_automatic(group.id)
    with pytest.raises(Busy):
        group_failover.accept_automatic(group.id)
    groups.record_primary(group.id, replica.id, request_of(failover, group_failover.Request).epoch)
    finish(failover)
    assert not watching.record_loss(group), "what was seen in an epoch that is over is no loss"
    assert group_of(source).lost is None


def test_what_goes_on_alone_is_watched_until_replicas_have_it(source: Instance, caller: Caller) -> None:
    def change(policy: FailoverPolicy) -> None:
        finish(group_policy.accept_policy(instances.load(source.id), policy, caller))

    replicas(source, caller)
    change(FailoverPolicy(mode=SYNCHRONOUS, below_quorum=BelowQuorum.CONTINUE))
    group = group_of(source)
    assert group.id in watching.claim(1000)
    assert watching.record_alone(group)
    change(FailoverPolicy(mode=SYNCHRONOUS))
    assert group.id in watching.claim(1000), "somebody must see when it ends"
    watching.record_together(group)
    assert group_of(source).alone_since is None
    assert watching.renew(group.id, None) is None
    assert watching.record_alone(group)
    change(FailoverPolicy())
    assert group_of(source).alone_since is None
    groups.record_primary(group.id, source.id, group.epoch + 1)
    assert not watching.record_alone(group), "of an epoch that is over"


def test_a_policy_that_the_group_cannot_keep_names_field_and_number(source: Instance, caller: Caller) -> None:
    with pytest.raises(BadRequest, match="has no replicas"):
        group_policy.accept_policy(source, AUTOMATIC, caller)
    replicas(source, caller)
    asked = FailoverPolicy(mode=SYNCHRONOUS, quorum=2)
    with pytest.raises(BadRequest, match=r"\['quorum'\] 2 is greater than 1"):
        group_policy.accept_policy(instances.load(source.id), asked, caller)


@pytest.mark.parametrize(("datastore", "words"), [("valkey", "asynchronous only"), ("mariadb", "greater than 1")])
def test_a_datastore_keeps_what_it_can_keep(caller: Caller, datastore: str, words: str) -> None:
    source = source_of(caller, datastore)
    replicas(source, caller, 3)
    asked = FailoverPolicy(mode=SYNCHRONOUS, quorum=2)
    with pytest.raises(BadRequest, match=words):
        group_policy.accept_policy(instances.load(source.id), asked, caller)


def test_the_first_replicas_bring_a_policy_and_later_ones_do_not(source: Instance, caller: Caller) -> None:
    _, created = replica_create.accept_replicas(source.id, new_instance("replica"), 1, caller, AUTOMATIC)
    finish(created)
    assert group_of(source).policy == AUTOMATIC
    with pytest.raises(BadRequest, match="has a group"):
        replica_create.accept_replicas(source.id, new_instance("replica"), 1, caller, AUTOMATIC)


def test_a_policy_is_changed_by_any_member_and_comes_back_when_that_fails(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    changed = group_policy.accept_policy(replica, AUTOMATIC, caller)
    assert targets(changed) == {source.id: (Part.MEMBER, Lock.MEMBERSHIP)}
    assert group_of(source).policy == AUTOMATIC
    groups.restore_policy(source if source.group_id else instances.load(source.id), FailoverPolicy())
    finish(changed, OperationState.FAILED)
    assert group_of(source).policy == FailoverPolicy()
