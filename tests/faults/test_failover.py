"""Failover: whatever happens to a group's primary, no acknowledged write is lost, and never do two members take any."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from datastores.conformance import Session
from deploy.local.cloud import Cloud
from tests.support.groups import (
    Group,
    cut_off,
    delete_group,
    hang,
    kill,
    new_group,
    power_off,
)
from tests.support.releases import releases
from tests.support.set_checker import SetChecker
from tests.support.tenants import delete_instance, outcome, tenant
from tests.support.waiting import eventually

POLICY = {"automatic": True, "mode": "synchronous", "quorum": 1}
RELEASES = [release for release in releases() if str(release) in {"postgresql-18", "mariadb-10.11"}]
QUIET_SECONDS = 10.0
"""How long the watch is left to do what it must not do: three times as long as it takes to find a loss."""
pytestmark = pytest.mark.usefixtures("product_environment")


@pytest.fixture(scope="module", params=RELEASES, ids=str)
def group(request: pytest.FixtureRequest, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """A primary with two replicas whose failover is automatic."""
    made = new_group(cloud, tenant(cloud), request.param, tmp_path_factory.mktemp("group"), POLICY)
    yield made
    delete_group(made)


@contextmanager
def watched(group: Group) -> Iterator[SetChecker]:
    """Inside the block numbers are written; after it, they are everywhere."""
    with group.written() as checker:
        yield checker
        checker.go_on()
    group.check(checker)


@pytest.mark.parametrize("fault", [kill, power_off, hang])
def test_a_replica_takes_the_place_of_a_lost_primary(
    group: Group, fault: Callable[[Group], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with watched(group) as checker:
        at = time.monotonic()
        fault(group)
        former = group.elect()
    assert outcome(group.owner, "group_failover", instance_id=former.id).state == "SUCCEEDED"
    assert checker.primaries() == [former.id, group.primary.id]
    group.await_return(former)
    group.check(checker)
    with capsys.disabled():
        print(f"\n  {fault.__name__}: {checker.gap(at):.1f} s without a write through the endpoint")


def test_a_primary_that_only_the_service_cannot_reach_stays(group: Group) -> None:
    before = group.failovers()
    with watched(group) as checker:
        cut_off(group, QUIET_SECONDS)
    assert checker.primaries() == [group.primary.id]
    assert group.failovers() == before


def test_a_primary_with_too_many_clients_stays(group: Group) -> None:
    sessions: list[Session] = []
    before = group.failovers()
    with watched(group) as checker:
        with pytest.raises(Exception, match=r"(?i)too many|remaining connection slots"):
            while True:
                sessions.append(group.primary.connect())
        time.sleep(QUIET_SECONDS)
        for session in sessions:
            session.close()
    assert checker.primaries() == [group.primary.id]
    assert group.failovers() == before


def set_policy(group: Group, policy: dict[str, object]) -> None:
    group.owner.request("PATCH", group.primary.path, {"instance": {"failover": policy}})
    assert outcome(group.owner, "group_policy", instance_id=group.primary.id).state == "SUCCEEDED"


def test_a_primary_goes_on_without_replicas_where_its_tenant_says_so(group: Group) -> None:
    def alone_since() -> str | None:
        found: str | None = group.shown(group.primary)["failover"]["alone_since"]
        return found

    set_policy(group, {"below_quorum": "continue"})
    before = group.failovers()
    with watched(group) as checker:
        for replica in group.replicas:
            group.signal(replica, signal.SIGSTOP)
        eventually(lambda: alone_since() is not None, "the primary goes on alone")
        checker.go_on()
        for replica in group.replicas:
            group.signal(replica, signal.SIGCONT)
        eventually(lambda: alone_since() is None, "the replicas have everything")
    assert group.failovers() == before
    set_policy(group, {"below_quorum": "wait"})


def test_a_replica_of_a_dead_primary_can_be_deleted(group: Group) -> None:
    set_policy(group, {"automatic": False})
    kill(group)
    delete_instance(group.owner, group.replicas.pop().id)
