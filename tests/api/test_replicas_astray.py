"""Replicas that do not follow: how probes see them, who is brought back and how often, what is shown of them."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from datastores.protocol.replication import Follower, MemberRole, MemberState
from datastores.protocol.turns import Lock
from functions.base.clock import now
from functions.base.errors import BadRequest, Busy
from functions.base.settings import get_settings
from functions.base.statuses import InstanceStatus, OperationState
from functions.framework.operation import Part
from functions.operations import instance_create, replica_rejoin
from functions.state.database import transaction
from functions.state.groups import astray, groups, standing
from functions.state.groups.astray import Astray
from functions.state.instances import health, instances
from functions.state.instances.health import Finding
from functions.state.instances.models import Fault, Instance
from functions.state.metrics import exposition
from functions.state.operations.acceptance import Caller
from tests.support.operations import finish, new_instance
from tests.support.replicas import replicas, targets

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture
def caller() -> Caller:
    """Somebody in a project of the test's own."""
    return Caller(f"astray-{uuid.uuid4()}", "tester", "req-astray")


@pytest.fixture
def source(caller: Caller) -> Iterator[Instance]:
    """An instance that serves."""
    instance, created = instance_create.accept_create(new_instance("source"), caller)
    finish(created)
    yield instances.load(instance.id)


def observed(replica: Instance, **values: Any) -> MemberState:  # noqa: ANN401 - fields of MemberState
    """A replica that follows, or not so by `values`."""
    primary_id = groups.of(replica).primary_id
    follows = MemberState(MemberRole.REPLICA, 1, 1, running=True, following=primary_id, connected=True)
    return replace(follows, **values)


def probed(replica: Instance, member: MemberState | None) -> Astray | None:
    """What a probe of the replica stores."""
    seen = instances.load(replica.id)
    lost = astray.look(seen, member)
    health.record(seen, Finding("HEALTHY", member=member, astray_since=lost.since if lost else None))
    return lost


def backdate(instance_id: str, **values: object) -> None:
    """Set columns of an instance."""
    with transaction() as session:
        instance = instances.lock(session, instance_id)
        for name, value in values.items():
            setattr(instance, name, value)


def test_a_replica_that_follows_again_is_not_astray(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    updated = instances.load(replica.id).updated
    first = probed(replica, observed(replica, connected=False))
    assert first is not None
    assert not first.overdue
    again = probed(replica, observed(replica, connected=False))
    assert again is not None
    assert again.since == first.since
    stored = instances.load(replica.id)
    assert (stored.astray_since, stored.updated) == (first.since, updated), "a probe is no update"
    assert probed(replica, observed(replica)) is None
    assert instances.load(replica.id).astray_since is None


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"running": False}, "does not run"),
        ({"role": MemberRole.PRIMARY}, "has not been told of its source"),
        ({"following": None}, "follows nobody"),
        ({"following": "another"}, "former source"),
        ({"connected": False}, "not connected"),
        ({"connected": False, "problem": "the log is gone"}, "the log is gone"),
    ],
)
def test_why_a_replica_is_astray(source: Instance, caller: Caller, values: dict[str, object], problem: str) -> None:
    [replica] = replicas(source, caller)
    found = probed(replica, observed(replica, **values))
    assert found is not None
    assert problem in found.problem


def test_the_sweep_finds_who_is_astray_for_long_and_has_a_source(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    found = {each.id for each in astray.overdue()}
    assert replica.id not in found
    backdate(replica.id, astray_since=now() - timedelta(hours=1))
    backdate(source.id, operating_status="ERROR")
    assert replica.id not in {each.id for each in astray.overdue()}
    backdate(source.id, operating_status="HEALTHY")
    assert replica.id in {each.id for each in astray.overdue()}
    finish(replica_rejoin.accept_rebuild(replica.id, caller))
    assert replica.id not in {each.id for each in astray.overdue()}


def test_a_replica_is_brought_back_so_often_in_an_hour(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    assert replica_rejoin.accept_return(replica.id, caller) is None, "it is not astray"
    for _ in range(get_settings().rejoins_an_hour):
        assert not replica_rejoin.tried_enough(replica.id)
        backdate(replica.id, astray_since=now())
        accepted = replica_rejoin.accept_return(replica.id, caller)
        assert accepted is not None
        assert targets(accepted) == {
            replica.id: (Part.MEMBER, Lock.EXCLUSIVE),
            source.id: (Part.SOURCE, Lock.MEMBERSHIP),
        }
        assert instances.load(replica.id).status == InstanceStatus.BUILD
        finish(accepted, OperationState.FAILED)
        assert instances.load(replica.id).status == InstanceStatus.ERROR
    backdate(replica.id, astray_since=now())
    assert replica_rejoin.accept_return(replica.id, caller) is None
    finish(replica_rejoin.accept_rebuild(replica.id, caller))
    assert instances.load(replica.id).status == InstanceStatus.ACTIVE


def test_a_failed_replica_counts_as_astray(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    backdate(replica.id, status=InstanceStatus.ERROR)
    found = probed(replica, observed(replica))
    assert found is not None
    stored = instances.load(replica.id)
    assert (stored.status, stored.astray_since) == (InstanceStatus.ERROR, found.since)


def test_only_replicas_are_rebuilt_and_only_from_a_source_that_serves(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    with pytest.raises(BadRequest, match="is not a replica"):
        replica_rejoin.accept_rebuild(source.id, caller)
    backdate(source.id, status=InstanceStatus.ERROR)
    with pytest.raises(Busy, match="status was ERROR"):
        replica_rejoin.accept_rebuild(replica.id, caller)


def test_a_fault_of_the_probe_goes_with_it_and_others_stay(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    health.record(instances.load(replica.id), Finding("BLOCKED", fault="it does not follow"))
    shown = instances.load(replica.id).fault
    assert shown is not None
    assert shown.message == "it does not follow"
    health.record(instances.load(replica.id), Finding("HEALTHY"))
    assert instances.load(replica.id).fault is None
    other = Fault(message="a resize failed", created="2026-11-30T00:00:00", details="operation x")
    backdate(replica.id, fault=other)
    health.record(instances.load(replica.id), Finding("BLOCKED", fault="it does not follow"))
    assert instances.load(replica.id).fault == other


def test_the_standing_of_replicas(source: Instance, caller: Caller) -> None:
    [replica] = replicas(source, caller)
    assert standing.standing(instances.load(replica.id), instances.load(source.id)).state is None
    follower = Follower(replica.id, connected=True, synchronous=True, lag_bytes=100)
    primary = MemberState(MemberRole.PRIMARY, 1, 1, running=True, writable=True, followers=(follower,))
    health.record(instances.load(source.id), Finding("HEALTHY", member=primary))
    probed(replica, observed(replica, lag_seconds=1.5, lag_bytes=20, contact_seconds=0.5))
    seen = standing.standing(instances.load(replica.id), instances.load(source.id))
    assert (seen.state, seen.lag_seconds, seen.lag_bytes, seen.sync_state) == ("following", 1.5, 120, "sync")
    assert seen.observed is not None
    assert seen.last_contact == seen.observed - timedelta(seconds=0.5)

    gone = replace(primary, followers=(Follower(replica.id, connected=False, retained_bytes=5000),))
    health.record(instances.load(source.id), Finding("HEALTHY", member=gone))
    probed(replica, observed(replica, running=False, connected=False))
    later = standing.standing(instances.load(replica.id), instances.load(source.id))
    assert (later.state, later.lag_bytes, later.sync_state) == ("stopped", 5000, None)
    assert later.last_contact == seen.last_contact, "what it had heard stays"
    assert later.lag_seconds is not None
    assert later.lag_seconds >= 0.5
    assert standing.standing(instances.load(source.id), None).state == "serving"
    figures = exposition.exposition().decode()
    for figure in ("trove_replica_following", "trove_replica_lag_seconds", "trove_replica_lag_bytes"):
        assert f'{figure}{{instance="{replica.id}",source="{source.id}"}}' in figures
