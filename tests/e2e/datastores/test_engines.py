"""Every datastore version that this machine runs, on its host, when things go wrong: killed, no port, no space, and a
backup that is much larger than the memory it may take."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest

from datastores.conformance import Server, Session
from tests.e2e.datastores.conftest import Hosts
from tests.support import volumes
from tests.support.host_driver import FINAL, HostDriver, as_engine_user
from tests.support.releases import Release
from tests.support.tempurl_sink import TempUrlSink

PASSWORD = "a canary's p4ssw0rd"
USER, DATABASE = "tester", "app"
SMALL_MB = 512
VOLUME_MIB, FILL_MIB = 400, 16
REFUSED_SECONDS = 10
LARGE_MB = 2048
BACKUP_MIB = 500
BOUND_MIB = 128
"""What a backup may take beside the engine (DESIGN, 5)."""
SEGMENT_BYTES = 32 << 20
END_SECONDS = 20
SAMPLE_SECONDS = 0.1
_numbers = count(1)


def create_arguments(release: Release, memory_mb: int = SMALL_MB) -> dict[str, Any]:
    """A small flavor's settings, and a database and a user where the datastore has them."""
    databases = [{"name": DATABASE}] if release.can("databases") else []
    granted = [database["name"] for database in databases]
    users = [{"name": USER, "password": PASSWORD, "databases": granted}] if release.can("users") else []
    return {"settings": release.version.settings_for(memory_mb, 2), "databases": databases, "users": users}


def run(host: HostDriver, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """One job of an operation of its own, to its end."""
    host.fence = next(_numbers)
    return host.run(f"op{host.fence}-{action}", action, arguments)


def make(hosts: Hosts, release: Release, memory_mb: int = SMALL_MB) -> HostDriver:
    """A host on which the release runs."""
    host = hosts.make(release.datastore.name, release.version.name, memory_mb)
    state = run(host, "create", create_arguments(release, memory_mb))
    assert state["state"] == "succeeded", state
    return host


def connect(release: Release, host: HostDriver) -> Session:
    """A tenant's session."""
    user, password = (USER, PASSWORD) if release.can("users") else (None, None)
    database = DATABASE if release.can("databases") else None
    return release.conformance.connect(Server(host.address, release.datastore.ports[0], user, password, database))


def test_killed_it_is_seen_dead_and_starts_with_its_data(hosts: Hosts, release: Release) -> None:
    host = make(hosts, release)
    with connect(release, host) as session:
        session.write(range(100))
        until(lambda: session.read() == set(range(100)), "what was written cannot be read")
    assert host.call("status")["result"]["running"] is True
    host.destroy()
    assert host.call("status")["result"]["running"] is False
    [boot] = (host.root / "boot").iterdir()
    environment = {"TROVE_HOST_FACTS": str(host.root / "facts.json"), "PATH": os.environ["PATH"]}
    subprocess.run([str(boot)], check=True, env=environment, **as_engine_user())
    assert host.call("status")["result"]["running"] is True
    with connect(release, host) as session:
        assert session.read() == (set(range(100)) if release.conformance.durable else set())


def test_a_port_that_is_taken_is_told(hosts: Hosts, release: Release) -> None:
    host = hosts.make(release.datastore.name, release.version.name)
    port = release.datastore.ports[0]
    with socket.create_server((host.address, port)):
        state = run(host, "create", create_arguments(release))
    assert state["state"] == "failed"
    message = state["error"]["message"].lower()
    assert "in use" in message or f"{host.address}:{port}" in message, state


def test_a_full_volume_is_told(hosts: Hosts, release: Release) -> None:
    if not release.datastore.volume:
        pytest.skip(f"{release} has no volume")
    volumes.require_root()
    host = hosts.make(release.datastore.name, release.version.name)
    with full_volume(host):
        state = run(host, "create", create_arguments(release))
    assert state["state"] == "failed"
    assert state["error"]["type"] == "disk_full", state
    assert "use a larger volume" in state["error"]["message"]


def test_a_database_that_fills_its_volume_loses_nothing_and_goes_on_when_it_has_grown(
    hosts: Hosts, release: Release
) -> None:
    """C3 of the catalogue of faults."""
    if not release.datastore.volume:
        pytest.skip(f"{release} has no volume")
    volumes.require_root()
    host = hosts.make(release.datastore.name, release.version.name)
    with volume(host, f"{VOLUME_MIB}m") as data:
        assert run(host, "create", create_arguments(release))["state"] == "succeeded"
        with connect(release, host) as session:
            session.write(range(100))
            until(lambda: session.read() == set(range(100)), "what was written cannot be read")
        assert host.call("status")["result"]["problem"] is None
        fill(release, host)
        until(lambda: tells(host), "the status does not tell that the volume is full")
        volumes.make_room(data, f"{4 * VOLUME_MIB}m")
        state = run(host, "grow", {"settings": create_arguments(release)["settings"]})
        assert state["state"] == "succeeded", state
        assert host.call("status")["result"]["problem"] is None
        with connect(release, host) as session:
            assert session.read() >= set(range(100))
            session.write(range(100, 200))
            until(lambda: session.read() >= set(range(200)), "what was written cannot be read")


def fill(release: Release, host: HostDriver) -> None:
    """Write until the database refuses or waits for room (MariaDB does), then take what is left of the volume."""

    def write(mebibytes: int) -> None:
        with contextlib.suppress(Exception), connect(release, host) as session:
            for _ in range(mebibytes // FILL_MIB):
                session.fill(FILL_MIB)

    for mebibytes in (2 * VOLUME_MIB, FILL_MIB):
        writer = threading.Thread(target=write, args=[mebibytes], daemon=True)
        writer.start()
        writer.join(REFUSED_SECONDS)
        volumes.take_rest(host.root / "data")


def tells(host: HostDriver) -> bool:
    """Whether the status says that the volume is full, which it is; some engines give room back as they tidy up."""
    volumes.take_rest(host.root / "data")
    found = host.call("status")["result"]
    return "use a larger volume" in (found["problem"] or "")


@contextmanager
def full_volume(host: HostDriver) -> Iterator[None]:
    """The host's data directory is a file system that has no room."""
    with volume(host, "256k") as data:
        volumes.take_rest(data)
        yield


@contextmanager
def volume(host: HostDriver, size: str) -> Iterator[Path]:
    """The host's data directory is a file system of its own."""
    data = host.root / "data"
    data.mkdir(mode=0o700)
    identity = as_engine_user()
    os.chown(data, identity["user"], identity["group"])
    volumes.mount(data, size)
    try:
        yield data
    finally:
        host.destroy()
        until(lambda: volumes.unmount(data), "the volume is still in use")


def test_a_large_backup_takes_little_memory(hosts: Hosts, release: Release, sink: TempUrlSink) -> None:
    if not release.can("backup"):
        pytest.skip(f"{release} does not have the capability backup")
    host = make(hosts, release, LARGE_MB)
    with connect(release, host) as session:
        session.fill(BACKUP_MIB)
    sink.discard = True
    peak_mib, state = watched_backup(host, sink)
    host.destroy()
    assert state["state"] == "succeeded", state
    assert state["result"]["bytes_raw"] >= BACKUP_MIB << 20
    assert peak_mib <= BOUND_MIB, f"the backup took {peak_mib:.0f} MiB"


def watched_backup(host: HostDriver, sink: TempUrlSink) -> tuple[float, dict[str, Any]]:
    """Back up; the most memory (MiB) that the job's processes had at a time, and the job's end."""
    host.fence = next(_numbers)
    job = f"op{host.fence}-backup"
    reply = host.start(job, "backup", {"upload": sink.address("PUT", "b"), "segment_bytes": SEGMENT_BYTES})
    assert reply["ok"], reply
    status, peak = host.root / "jobs" / job / "status.json", 0.0
    while (now := json.loads(status.read_text()))["state"] not in FINAL:
        peak = max(peak, resident_mib(now.get("pid")))
        time.sleep(SAMPLE_SECONDS)
    assert peak, "the job's processes were never seen"
    return peak, host.finish(job)


def resident_mib(pid: int | None) -> float:
    """What a process and its children have resident, pages that they share counted once (PSS of proc(5)).

    The programs of the engine among them (mariadb-backup reads the redo log in some 50 MiB) are the engine's.
    """
    try:
        supervisor = psutil.Process(pid)
        tree = [supervisor, *supervisor.children(recursive=True)]
    except psutil.Error:
        return 0
    total = 0
    for process in tree:
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().pss if process.name().startswith("python") else 0
    return total / (1 << 20)


def until(condition: Any, complaint: str) -> None:  # noqa: ANN401 - anything with a truth
    """Wait until a condition holds."""
    deadline = time.monotonic() + END_SECONDS
    while not condition():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.02)
