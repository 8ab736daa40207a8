"""The role `replication`: groups of real servers, each on a host of its own, for every release that has the role."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.datastores.conftest import Hosts
from tests.e2e.datastores.groups import SECRET, USER, Group, boot, crash, paused, until
from tests.support.host_driver import HostDriver
from tests.support.releases import Release
from tests.support.tempurl_sink import TempUrlSink

pytestmark = pytest.mark.needs("replication")
FILL_MIB = 48


@pytest.fixture
def group(hosts: Hosts, release: Release, sink: TempUrlSink) -> Iterator[Group]:
    """An empty group, whose hosts end with the story."""
    before = len(hosts.made)
    yield Group(hosts, release, sink)
    for host in hosts.made[before:]:
        host.destroy()


def test_a_replica_has_the_data_and_what_comes_after(group: Group) -> None:
    primary = group.create()
    group.write(primary, range(100))
    replica = group.host()
    group.members = [primary, replica]
    group.admit(primary)
    group.replicate(replica, primary)
    group.await_connected(replica)
    group.write(primary, range(100, 200))
    group.await_caught_up(primary, replica)
    assert group.read(replica) == set(range(200))
    assert not group.takes_writes(replica)
    assert group.takes_writes(primary)


def test_a_copy_that_was_killed_is_made_again(group: Group) -> None:
    primary, replica = group.create(), group.host()
    with group.connect(primary) as session:
        session.write(range(100))
        session.fill(FILL_MIB)
    group.members = [primary, replica]
    group.admit(primary)
    for seconds in (0.3, 1.0):
        replica.fence += 1
        job = f"killed-{seconds}"
        assert replica.start(job, "replicate", group.seeding(replica, primary))["ok"]
        time.sleep(seconds)
        crash(replica)
        assert replica.finish(job)["state"] in {"dead", "succeeded"}
    group.replicate(replica, primary)
    group.await_connected(replica)
    group.write(primary, range(100, 200))
    group.await_caught_up(primary, replica)
    assert group.read(replica) == set(range(200))


def test_a_copy_made_twice_by_one_name_is_made_once(group: Group) -> None:
    primary, replica = group.start()
    asked = group.seeding(replica, primary)
    group.job(replica, "replicate", asked)
    (replica.root / "data" / replica.datastore / "a-mark").touch()
    group.job(replica, "replicate", asked)
    assert (replica.root / "data" / replica.datastore / "a-mark").exists()
    group.replicate(replica, primary)
    assert not (replica.root / "data" / replica.datastore / "a-mark").exists()


def test_the_source_restarts_while_it_is_copied(group: Group) -> None:
    primary, replica = group.create(), group.host()
    with group.connect(primary) as session:
        session.write(range(100))
        session.fill(FILL_MIB)
    group.members = [primary, replica]
    group.admit(primary)
    replica.fence += 1
    assert replica.start("interrupted", "replicate", group.seeding(replica, primary))["ok"]
    time.sleep(0.5)
    group.job(primary, "restart", {"settings": group.settings()})
    ended = replica.finish("interrupted")
    if ended["state"] == "failed":
        assert ended["error"]["message"]
        group.replicate(replica, primary)
    group.await_connected(replica)
    group.await_caught_up(primary, replica)
    assert group.read(replica) == set(range(100))


def test_a_replica_is_copied_from_a_replica(group: Group) -> None:
    primary, replica = group.start()
    group.write(primary, range(100))
    group.await_caught_up(primary, replica)
    other = group.host()
    group.members.append(other)
    group.admit(primary)
    group.admit(replica)
    group.replicate(other, primary, source=replica)
    group.await_connected(other)
    assert group.state(other)["following"] == group.member(primary)["id"]
    group.write(primary, range(100, 200))
    group.await_caught_up(primary, other)
    assert group.read(other) == set(range(200))


def test_a_planned_switchover_loses_nothing_and_needs_no_copy(group: Group) -> None:
    primary, replica, other = group.start(2)
    writer = Writer(group)
    writer.begin(primary)
    group.epoch += 1
    time.sleep(0.5)
    last = group.change(primary, "stop_writes")
    writer.end()
    reached = replica.call(
        "await_position", {"history": last["history"], "replayed": last["replayed"], "seconds": 10.0}
    )
    assert reached["result"]["reached"], (last, reached)
    group.change(replica, "fence")
    group.promote(replica)
    for follower in (primary, other):
        group.follow(follower, replica)
    group.await_connected(primary, other)
    assert writer.written, "nothing was written before the switchover"
    assert group.read(replica) >= writer.written
    group.write(replica, range(800_000, 800_100))
    group.await_caught_up(replica, primary, other)
    assert group.read(primary) == group.read(other) == group.read(replica)
    assert not group.takes_writes(primary)


def test_a_switchover_that_was_called_off_leaves_the_primary_as_it_was(group: Group) -> None:
    primary, replica = group.start()
    group.epoch += 1
    group.change(primary, "stop_writes")
    assert not group.takes_writes(primary)
    group.change(primary, "accept_writes")
    group.admit(primary)
    group.await_connected(replica)
    group.write(primary, range(100))
    group.await_caught_up(primary, replica)
    assert group.read(replica) == set(range(100))


def test_another_is_promoted_when_the_primary_was_killed_and_the_others_follow(group: Group) -> None:
    primary, replica, other = group.start(2)
    group.write(primary, range(100))
    group.await_caught_up(primary, replica, other)
    crash(primary)
    until(lambda: not group.is_connected(replica) and not group.is_connected(other), lambda: group.state(replica))
    group.epoch += 1
    positions = {host: group.change(host, "fence") for host in (replica, other)}
    best = max(positions, key=lambda host: (positions[host]["history"], positions[host]["received"]))
    rest = other if best is replica else replica
    group.promote(best)
    group.follow(rest, best)
    group.write(best, range(100, 200))
    group.await_connected(rest)
    group.await_caught_up(best, rest)
    assert group.read(rest) == set(range(200))


def test_a_fenced_member_refuses_what_is_of_an_older_epoch(group: Group) -> None:
    primary, replica = group.start()
    group.write(primary, range(100))
    group.await_caught_up(primary, replica)
    written = group.state(replica)["position"]
    old = group.epoch
    group.epoch += 1
    position = group.change(replica, "fence")
    assert position["received"] == position["replayed"] >= written["received"] > 0
    assert position["history"] == written["history"] > 0
    assert group.state(replica)["following"] is None
    until(lambda: not group.is_connected(replica), lambda: group.state(replica))
    stale = {**group.arguments(replica, primary), "epoch": old}
    assert group.refused(replica, "follow", **stale)["type"] == "stale_epoch"
    for action in ("fence", "promote", "stop_writes", "accept_writes", "confirm", "detach"):
        assert group.refused(replica, action, epoch=old)["type"] == "stale_epoch", action
    replica.fence += 1
    ended = replica.run("late", "restart", {"settings": group.settings(), "epoch": old})
    assert ended["error"]["type"] == "stale_epoch", ended
    crash(replica)
    boot(replica)
    assert group.refused(replica, "promote", epoch=old)["type"] == "stale_epoch"
    assert not group.is_connected(replica)
    assert not group.takes_writes(replica)
    group.promote(replica)
    assert group.takes_writes(replica)


def test_a_fenced_primary_takes_no_writes(group: Group) -> None:
    primary, replica = group.start()
    group.write(primary, range(100))
    group.epoch += 1
    position = group.change(primary, "fence")
    assert position["received"] > 0
    assert not group.takes_writes(primary)
    crash(primary)
    boot(primary)
    assert not group.takes_writes(primary)
    assert group.refused(primary, "confirm", epoch=group.epoch)["type"] == "bad_request"
    assert group.state(replica)["role"] == "replica"


def test_a_primary_with_writes_of_its_own_rejoins(group: Group) -> None:
    primary, replica = group.start()
    group.write(primary, range(100))
    group.await_caught_up(primary, replica)
    group.epoch += 1
    group.change(replica, "fence")
    group.write(primary, range(500_000, 500_100))
    crash(primary)
    group.promote(replica)
    group.write(replica, range(100, 200))
    answer = group.rejoin(primary, replica)
    if not answer["following"]:
        assert answer["reason"]
        group.replicate(primary, replica)
    group.await_connected(primary)
    group.await_caught_up(replica, primary)
    assert group.read(primary) == set(range(200))
    assert group.state(primary)["role"] == "replica"


def test_a_primary_that_was_fenced_while_it_ran_rejoins(group: Group) -> None:
    primary, replica = group.start()
    group.write(primary, range(100))
    group.await_caught_up(primary, replica)
    group.epoch += 1
    group.change(replica, "fence")
    group.promote(replica)
    group.write(primary, range(500_000, 500_100))
    group.change(primary, "fence")
    group.write(replica, range(100, 200))
    answer = group.rejoin(primary, replica)
    if not answer["following"]:
        assert answer["reason"]
        group.replicate(primary, replica)
    group.await_connected(primary)
    group.await_caught_up(replica, primary)
    assert group.read(primary) == set(range(200))


def test_a_replica_that_was_killed_rejoins_with_its_own_data(group: Group) -> None:
    primary, replica = group.start()
    group.write(primary, range(100))
    group.await_caught_up(primary, replica)
    crash(replica)
    group.write(primary, range(100, 200))
    answer = group.rejoin(replica, primary)
    if not answer["following"]:
        group.replicate(replica, primary)
    group.await_connected(replica)
    group.write(primary, range(200, 300))
    group.await_caught_up(primary, replica)
    assert group.read(replica) == set(range(300))


def test_a_primary_that_two_failovers_passed_by_does_not_follow_by_mistake(group: Group) -> None:
    """Two primaries that knew nothing of each other may both have made the second history."""
    first, second, third = group.start(2)
    group.write(first, range(100))
    group.await_caught_up(first, second, third)
    group.epoch += 1
    group.change(second, "fence")
    crash(first)
    group.change(second, "promote")
    group.write(second, range(500_000, 500_100))
    crash(second)
    group.epoch += 1
    group.change(third, "fence")
    group.promote(third)
    group.write(third, range(100, 200))
    answer = group.rejoin(second, third)
    if not answer["following"]:
        group.replicate(second, third)
    group.await_connected(second)
    group.await_caught_up(third, second)
    assert group.read(second) == set(range(200))


def test_a_guarded_primary_that_boots_takes_no_write_until_it_is_confirmed(group: Group) -> None:
    primary, replica = group.start(guarded=True)
    group.write(primary, range(100))
    crash(primary)
    boot(primary)
    state = group.state(primary)
    assert (state["role"], state["writable"], state["confirmed"]) == ("primary", False, False)
    assert not group.takes_writes(primary)
    assert group.refused(primary, "confirm", epoch=group.epoch + 1)["type"] == "bad_request"
    group.change(primary, "confirm")
    assert group.state(primary)["confirmed"]
    group.write(primary, range(100, 200))
    group.await_connected(replica)
    group.await_caught_up(primary, replica)
    assert group.read(replica) == set(range(200))


def test_a_guarded_primary_that_missed_a_failover_boots_and_rejoins(group: Group) -> None:
    primary, replica = group.start(guarded=True)
    group.write(primary, range(100))
    group.await_caught_up(primary, replica)
    crash(primary)
    group.epoch += 1
    group.change(replica, "fence")
    group.promote(replica, guarded=True)
    boot(primary)
    assert not group.takes_writes(primary)
    group.write(replica, range(100, 200))
    if not group.rejoin(primary, replica)["following"]:
        group.replicate(primary, replica)
    group.await_connected(primary)
    group.await_caught_up(replica, primary)
    assert group.read(primary) == set(range(200))


def test_a_restart_that_was_asked_for_needs_no_confirmation(group: Group) -> None:
    primary, replica = group.start(guarded=True)
    group.job(primary, "restart", {"settings": group.settings(), "epoch": group.epoch})
    assert group.takes_writes(primary)
    group.job(replica, "restart", {"settings": group.settings(), "epoch": group.epoch})
    assert not group.takes_writes(replica)
    group.await_connected(replica)


def test_an_unguarded_primary_that_boots_goes_on(group: Group) -> None:
    primary, replica = group.start()
    crash(primary)
    boot(primary)
    assert group.takes_writes(primary)
    group.await_connected(replica)


@pytest.mark.needs("replication", "synchronous_replication")
def test_a_synchronous_primary_waits_for_its_quorum(group: Group) -> None:
    primary, replica = group.start()
    group.change(primary, "synchronous", quorum=1, members=[group.member(replica)])
    group.write(primary, range(100))
    state = group.state(primary)
    assert state["quorum"] == 1
    until(lambda: group.state(primary)["followers"][0]["synchronous"], lambda: group.state(primary))
    crash(replica)
    writer = Writer(group, start=100, count=1)
    writer.begin(primary)
    until(lambda: group.state(primary)["waiting"], lambda: group.state(primary))
    time.sleep(1)
    assert not writer.written
    boot(replica)
    until(lambda: writer.written, lambda: group.state(primary))
    writer.end()
    crash(replica)
    group.change(primary, "synchronous", quorum=0)
    group.write(primary, range(200, 300))


@pytest.mark.needs("replication", "synchronous_replication")
def test_no_acknowledged_write_is_lost_when_a_synchronous_primary_is_killed(group: Group) -> None:
    primary, replica = group.start()
    group.change(primary, "synchronous", quorum=1, members=[group.member(replica)])
    writer = Writer(group)
    writer.begin(primary)
    until(lambda: len(writer.written) > 20, lambda: len(writer.written))
    crash(primary)
    writer.end()
    group.epoch += 1
    group.change(replica, "fence")
    group.promote(replica)
    assert group.read(replica) >= writer.written


def test_the_state_tells_who_lags(group: Group) -> None:
    primary, replica = group.start()
    before = group.state(primary)
    [follower] = before["followers"]
    assert follower["id"] == group.member(replica)["id"]
    assert follower["connected"]
    assert before["role"], before["writable"] == ("primary", True)
    with paused(replica):
        with group.connect(primary) as session:
            session.fill(8)
        [behind] = group.state(primary)["followers"]
        written = group.state(primary)["position"]["received"]
    assert behind["lag_bytes"] is None or behind["lag_bytes"] > 0
    assert written > before["position"]["received"]
    group.await_caught_up(primary, replica)
    state = group.state(replica)
    assert (state["role"], state["writable"], state["connected"]) == ("replica", False, True)
    assert state["following"] == group.member(primary)["id"]
    observed = replica.call("observe")["result"]
    assert observed["database"]["running"]
    assert observed["member"]["following"] == state["following"]
    assert state["position"]["received"] == state["position"]["replayed"]
    until(lambda: group.state(replica)["lag_seconds"] == 0, lambda: group.state(replica))
    assert state["contact_seconds"] is None or state["contact_seconds"] < 20


def test_a_replica_tells_that_its_primary_is_silent(group: Group) -> None:
    primary, replica = group.start()
    with paused(primary):
        until(
            lambda: (state := group.state(replica))["connected"] is False or (state["contact_seconds"] or 0) > 3,
            lambda: group.state(replica),
        )
    group.await_connected(replica)


def test_a_detached_replica_stands_alone(group: Group) -> None:
    primary, replica = group.start()
    group.write(primary, range(100))
    group.await_caught_up(primary, replica)
    group.change(replica, "detach")
    group.members = [primary]
    group.admit(primary)
    assert group.state(primary)["followers"] == []
    assert group.state(replica)["role"] == "alone"
    group.write(replica, range(100, 200))
    group.write(primary, range(200, 300))
    assert group.read(replica) == set(range(200))
    crash(replica)
    boot(replica)
    assert group.takes_writes(replica)
    group.change(primary, "detach")
    assert group.state(primary)["role"] == "alone"
    assert group.takes_writes(primary)


def test_members_speak_tls_with_each_other_where_clients_do(group: Group) -> None:
    group.secured = True
    primary = group.create()
    if not group.release.can("replication") or not has_tls(primary):
        pytest.skip(f"{group.release} has no TLS here")
    replica, other = group.host(), group.host()
    group.members = [primary, replica, other]
    group.write(primary, range(100))
    group.admit(primary)
    group.replicate(replica, primary)
    group.replicate(other, primary)
    group.await_connected(replica, other)
    group.epoch += 1
    group.change(primary, "stop_writes")
    group.change(replica, "fence")
    group.promote(replica)
    group.follow(other, replica)
    assert group.rejoin(primary, replica)["following"]
    group.await_connected(primary, other)
    group.write(replica, range(100, 200))
    group.await_caught_up(replica, primary, other)
    assert group.read(primary) == group.read(other) == set(range(200))


def test_a_dismissed_member_gets_nothing_more(group: Group) -> None:
    primary, replica = group.start()
    group.members = [primary]
    group.admit(primary)
    group.write(primary, range(100))
    until(lambda: not group.is_connected(replica), lambda: group.state(replica))
    assert group.state(primary)["followers"] == []
    assert group.read(replica) == set()


def test_a_replica_refuses_changes_of_its_own_and_has_those_of_its_primary(group: Group) -> None:
    if not group.release.can("databases"):
        pytest.skip(f"{group.release} has no databases")
    primary, replica = group.start()
    error = group.refused(replica, "create_databases", databases=[{"name": "more"}])
    assert "is a replica" in error["message"]
    group.succeed(primary, "create_databases", {"databases": [{"name": "more"}]})
    group.await_caught_up(primary, replica)
    assert "more" in replica.call("accounts")["result"]["databases"]


def test_settings_of_a_replica_change_and_are_never_too_low(group: Group) -> None:
    static = group.release.conformance.static
    if static is None or not isinstance(static.value, int):
        pytest.skip(f"{group.release} has no number that needs a restart")
    primary, replica = group.start()
    group.job(replica, "configure", {"settings": group.settings({static.name: static.value})})
    group.job(replica, "restart", {"settings": group.settings({static.name: static.value})})
    group.await_connected(replica)
    group.write(primary, range(100))
    group.await_caught_up(primary, replica)
    assert group.read(replica) == set(range(100))


def test_a_member_that_rejoins_has_the_users_of_its_primary(group: Group) -> None:
    primary, replica = group.start()
    crash(replica)
    group.succeed(primary, "update_users", {"changes": [{"name": USER, "host": "%", "password": "another"}]})
    boot(replica)
    group.change(replica, "fence")
    assert group.rejoin(replica, primary)["following"]
    group.await_connected(replica)
    group.password = "another"
    until(lambda: group.read(replica) == set(), lambda: group.state(replica))


def test_a_replica_that_is_too_small_stops_replaying_until_its_restart(group: Group) -> None:
    if not group.release.datastore.replica_minimums:
        pytest.skip(f"a replica of {group.release} needs no setting of its primary")
    primary, replica = group.start()
    raised = {"settings": group.settings({group.release.datastore.replica_minimums[0]: 300})}
    for action in ("configure", "restart"):
        group.job(primary, action, raised)
    until(lambda: "lower than the primary's" in str(group.state(replica)["problem"]), lambda: group.state(replica))
    group.write(primary, range(100))
    group.job(replica, "restart", {"settings": group.settings()})
    group.await_connected(replica)
    group.await_caught_up(primary, replica)
    assert group.read(replica) == set(range(100))


def test_a_backup_of_a_replica_restores(group: Group, sink: TempUrlSink) -> None:
    if not group.release.can("backup"):
        pytest.skip(f"{group.release} has no backups")
    primary, replica = group.start()
    group.write(primary, range(100))
    group.await_caught_up(primary, replica)
    upload = {"upload": sink.address("PUT", "b"), "segment_bytes": 1 << 20}
    assert group.job(replica, "backup", upload)["bytes_raw"] > 0
    restored = group.host()
    group.job(restored, "restore", {"settings": group.settings(), "download": [sink.address("GET", "b")]})
    assert group.read(restored) == set(range(100))
    assert group.state(restored)["role"] == "alone"
    assert group.takes_writes(restored)


def test_no_secret_of_the_group_is_in_a_log_or_a_message(group: Group) -> None:
    primary, replica = group.start()
    group.epoch += 1
    group.change(replica, "fence")
    group.promote(replica)
    for host in (primary, replica):
        logs = [*(host.root / "log").rglob("*"), *(host.root / "jobs").rglob("*")]
        assert not [path for path in logs if path.is_file() and holds(path, SECRET["secret"])]
        kept = [path for path in host.root.rglob("*") if path.is_file() and holds(path, SECRET["secret"])]
        assert all(path.stat().st_mode & 0o077 == 0 for path in kept)


def has_tls(host: HostDriver) -> bool:
    """Whether the database of a host that has a certificate lets its clients in with TLS only."""
    restarted = host.run("tls", "restart", {"settings": host.version.settings_for(512, 2)})
    assert restarted["state"] == "succeeded", restarted
    conf = [path for path in (host.root / "conf").iterdir() if path.suffix in {".conf", ".cnf"}]
    return any(word in path.read_text() for path in conf for word in ("hostssl", "ssl_cert", "tls-port"))


def holds(path: Path, word: str) -> bool:
    """Whether a file has a word in it."""
    return word.encode() in path.read_bytes()


class Writer:
    """Writes one number after another, and knows which were acknowledged."""

    def __init__(self, group: Group, start: int = 10_000, count: int = 100_000) -> None:
        self.written: set[int] = set()
        self._group, self._numbers = group, range(start, start + count)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, host: object) -> None:
        """Write to a host until `end`, or until it refuses."""
        self._thread = threading.Thread(target=self._write, args=[host], daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Write no more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(20)

    def _write(self, host: object) -> None:
        try:
            with self._group.connect(host) as session:  # type: ignore[arg-type]
                for number in self._numbers:
                    if self._ended.is_set():
                        return
                    session.write([number])
                    self.written.add(number)
        except Exception:  # noqa: BLE001 - each client library has its own
            return
