"""Failover: whatever happens to a group's primary, no acknowledged write is lost, and never do two members take any."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from datastores.conformance import Session
from deploy.local.cloud import Cloud
from tests.support import volumes
from tests.support.groups import (
    Group,
    a_backup,
    a_user,
    control_killed,
    cut_off,
    delete_group,
    hang,
    kill,
    mistral_killed,
    new_group,
    nothing,
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
VOLUME_MIB = 1024
Happening = Callable[[Group], None]
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


@pytest.mark.parametrize(
    ("before", "fault", "after"),
    [(a_user, kill, nothing), (a_backup, power_off, control_killed), (nothing, hang, mistral_killed)],
    ids=lambda what: what.__name__,
)
def test_a_replica_takes_the_place_of_a_lost_primary(
    group: Group, before: Happening, fault: Happening, after: Happening, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is under way on it then, and whatever of the service is killed while it does."""
    with watched(group) as checker:
        before(group)
        at = time.monotonic()
        fault(group)
        after(group)
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


@contextmanager
def stopped(group: Group) -> Iterator[None]:
    """Inside the block the primary is stopped by its tenant."""
    group.primary.stop()
    yield
    group.primary.start()


def test_a_primary_that_its_tenant_stops_stays(group: Group) -> None:
    before = group.failovers()
    with watched(group), stopped(group):
        time.sleep(QUIET_SECONDS)
    assert group.failovers() == before


@contextmanager
def small_volume(group: Group) -> Iterator[Path]:
    """Inside the block the primary's volume has VOLUME_MIB."""
    data = group.directory(group.primary).root / "data"
    try:
        with stopped(group):
            volumes.move_in(data, f"{VOLUME_MIB}m")
        yield data
        with stopped(group):
            volumes.move_out(data)
    finally:
        volumes.detach(data)


def test_a_primary_whose_volume_is_full_stays(group: Group) -> None:
    volumes.require_root()
    before = group.failovers()
    with small_volume(group) as data, watched(group):
        volumes.take_rest(data)
        time.sleep(QUIET_SECONDS)
        volumes.make_room(data, f"{2 * VOLUME_MIB}m")
        group.primary.restart()
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
