"""MariaDB in a group: what only its replicas and their source need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.datastores.conftest import Hosts
from tests.e2e.datastores.groups import Group
from tests.support.host_driver import HostDriver
from tests.support.releases import Release, releases
from tests.support.tempurl_sink import TempUrlSink

A_DAY = str(24 * 60 * 60)
MEBIBYTES = 32


@pytest.fixture(scope="module", params=[found for found in releases() if found.datastore.name == "mariadb"], ids=str)
def release(request: pytest.FixtureRequest) -> Release:
    found: Release = request.param
    return found


@pytest.fixture
def group(hosts: Hosts, release: Release, sink: TempUrlSink) -> Iterator[Group]:
    before = len(hosts.made)
    yield Group(hosts, release, sink)
    for host in hosts.made[before:]:
        host.destroy()


def setting(group: Group, host: HostDriver, name: str) -> str:
    """A variable of a member."""
    with group.connect(host) as session:
        return session.setting(name)


def test_a_source_keeps_its_log_for_a_day_without_a_restart(group: Group) -> None:
    primary = group.create()
    assert setting(group, primary, "binlog_expire_logs_seconds") != A_DAY
    group.members = [primary, group.host()]
    group.admit(primary)
    assert setting(group, primary, "binlog_expire_logs_seconds") == A_DAY


def test_a_replica_runs_no_events_whatever_its_settings_say(group: Group) -> None:
    _primary, replica = group.start()
    for value in ("OFF", "ON"):
        group.job(replica, "configure", {"settings": group.settings({"event_scheduler": value})})
        assert setting(group, replica, "event_scheduler") == "OFF"
    group.epoch += 1
    group.change(replica, "fence")
    group.promote(replica)
    assert setting(group, replica, "event_scheduler") == "ON"


def test_two_backups_at_once_disturb_each_other_in_nothing(group: Group, sink: TempUrlSink) -> None:
    primary = group.create()
    with group.connect(primary) as session:
        session.write(range(100))
        session.fill(MEBIBYTES)
    for name in ("first", "second"):
        upload = {"upload": sink.address("PUT", name), "segment_bytes": 1 << 20}
        assert primary.start(name, "backup", upload, lock="copying")["ok"]
    for name in ("first", "second"):
        assert primary.finish(name)["state"] == "succeeded"
        restored = group.host()
        group.job(restored, "restore", {"settings": group.settings(), "download": [sink.address("GET", name)]})
        assert group.read(restored) == set(range(100))
