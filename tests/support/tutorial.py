"""The story of the tutorial's datastore on real hosts; the package `datastores` on the path has its folder."""

from __future__ import annotations

import sys
from pathlib import Path

from datastores import conformance
from datastores.conformance import Server, Session
from tests.support.host_driver import HostDriver, directory, own
from tests.support.releases import Release, releases
from tests.support.tempurl_sink import TempUrlSink

FIRST, SECOND = set(range(100)), set(range(100, 150))


def main() -> None:
    """Create, write, restart, read, back up, go on writing, crash, restore twice, stop."""
    [release] = [found for found in releases() if found.datastore.name == sys.argv[1]]
    with directory() as scratch, TempUrlSink() as sink:
        host, other = (_host(scratch / name, release) for name in ("host", "other"))
        try:
            _story(host, other, sink, release)
        finally:
            host.destroy()
            other.destroy()


def _story(host: HostDriver, other: HostDriver, sink: TempUrlSink, release: Release) -> None:
    settings = release.version.settings_for(512, 2)
    for attempt in ("first", "second"):
        _done(host, f"create-{attempt}", "create", settings=settings)
    with _connect(host) as session:
        session.write(FIRST)
        assert session.setting("max_keys") == str(settings["max_keys"])
    _done(host, "restart", "restart")
    _done(host, "backup", "backup", upload=sink.address("PUT", "b"), segment_bytes=1 << 20)
    with _connect(host) as session:
        assert session.read() == FIRST
        session.write(SECOND)
    host.destroy()
    _done(host, "start", "start")
    with _connect(host) as session:
        assert session.read() == FIRST | SECOND
    for attempt in ("first", "second"):
        _done(other, f"restore-{attempt}", "restore", download=[sink.address("GET", "b")], settings=settings)
    with _connect(other) as session:
        assert session.read() == FIRST
    _done(other, "stop", "stop")
    assert other.call("status")["result"]["running"] is False
    assert other.processes() == []


def _host(root: Path, release: Release) -> HostDriver:
    root.mkdir()
    own(root)
    return HostDriver(root, root, release.datastore.name)


def _done(host: HostDriver, job: str, action: str, **arguments: object) -> None:
    state = host.run(job, action, arguments)
    assert state["state"] == "succeeded", state


def _connect(host: HostDriver) -> Session:
    return conformance.of(host.datastore).connect(Server(host.address, host.version.ports[0]))


if __name__ == "__main__":
    main()
