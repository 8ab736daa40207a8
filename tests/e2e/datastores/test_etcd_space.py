"""An etcd that is full says so, and serves again once its volume has grown."""

from __future__ import annotations

from typing import Any

import pytest

from datastores.conformance import Server
from datastores.etcd.conformance import EtcdSession
from tests.e2e.datastores.conftest import Hosts
from tests.support.host_driver import HostDriver
from tests.support.releases import Release, releases

QUOTA = "quota-backend-bytes"
QUOTA_MIB = 8
RELEASES = [found for found in releases() if found.datastore.name == "etcd"]
USER = {"name": "tester", "password": "a canary's p4ssw0rd"}


@pytest.fixture(params=RELEASES, ids=str)
def release(request: pytest.FixtureRequest) -> Release:
    """The version under test."""
    found: Release = request.param
    return found


@pytest.fixture
def full(hosts: Hosts, release: Release) -> HostDriver:
    """A host whose etcd has reached a small quota."""
    host = hosts.make("etcd", release.version.name)
    small = release.version.settings_for(512, 2) | {QUOTA: QUOTA_MIB << 20}
    done = host.run("create", "create", {"settings": small, "databases": [], "users": [USER]})
    assert done["state"] == "succeeded", done
    assert status(host)["problem"] is None
    with connected(host, release) as session:
        session.write(range(10))
        with pytest.raises(RuntimeError, match="database space exceeded"):
            session.fill(2 * QUOTA_MIB)
    return host


def test_a_full_member_says_so_and_serves_again_when_its_volume_has_grown(full: HostDriver, release: Release) -> None:
    assert "use a larger volume" in status(full)["problem"]
    for attempt in ("grow", "grow-again"):
        done = full.run(attempt, "grow", {"settings": release.version.settings_for(512, 2)})
        assert done["state"] == "succeeded", done
        assert status(full)["problem"] is None
    with connected(full, release) as session:
        session.fill(QUOTA_MIB)
        assert session.read() == set(range(10))


def test_room_is_made_though_an_earlier_attempt_died_after_compacting(full: HostDriver, release: Release) -> None:
    with connected(full, release) as session:
        revision = session.call("kv/range", {"key": "AA=="})["header"]["revision"]
        session.call("kv/compaction", {"revision": revision, "physical": True})
    done = full.run("grow", "grow", {"settings": release.version.settings_for(512, 2)})
    assert done["state"] == "succeeded", done
    assert status(full)["problem"] is None


def status(host: HostDriver) -> dict[str, Any]:
    """What a health probe is told."""
    found: dict[str, Any] = host.call("status")["result"]
    return found


def connected(host: HostDriver, release: Release) -> EtcdSession:
    """The tenant's session."""
    return EtcdSession(Server(host.address, release.datastore.ports[0], USER["name"], USER["password"], None, None))
