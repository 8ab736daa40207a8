"""What only VictoriaMetrics has: flags in force after a restart, snapshots behind a key, certificates read anew."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from datastores.conformance import Server, Session
from functions.hostlink.tls_ca import TlsAuthority
from tests.e2e.datastores.conftest import Hosts
from tests.e2e.datastores.test_engines import until
from tests.support.host_driver import HostDriver
from tests.support.releases import Release, releases
from tests.support.tempurl_sink import TempUrlSink
from tests.support.tls import certified, written

PORT = 8428
AUTHORITY = certified("root")
RELEASES = [found for found in releases() if found.datastore.name == "victoriametrics"]
LIMIT = "search.maxConcurrentRequests"
_numbers = count(1)


@pytest.fixture(scope="module", params=RELEASES, ids=str)
def release(request: pytest.FixtureRequest) -> Release:
    """The version under test."""
    found: Release = request.param
    return found


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file by which clients know servers."""
    return written(tmp_path_factory.mktemp("clients") / "root.pem", AUTHORITY.text)


@pytest.fixture(scope="module")
def host(hosts: Hosts, release: Release) -> Iterator[HostDriver]:
    """A host with an instance that speaks TLS."""
    made = hosts.make("victoriametrics", release.version.name)
    state = do(made, "create", settings=settings(release), databases=[], users=[], **delivery(made))
    assert state["result"]["certificate_expires"]
    yield made


def settings(release: Release, **more: object) -> dict[str, Any]:
    """A small flavor's settings, and others."""
    return release.version.settings_for(512, 2) | more


def delivery(host: HostDriver) -> dict[str, Any]:
    """The argument `tls` with a new certificate."""
    issued = TlsAuthority(AUTHORITY.key_text, AUTHORITY.text).issue_server("instance", [host.address])
    key = issued.private_key.get_secret_value()
    content = {"certificate": issued.certificate, "private_key": key, "authority": issued.authority}
    return {"tls": content | {"expires": issued.expires.isoformat()}}


def do(host: HostDriver, action: str, **arguments: object) -> dict[str, Any]:
    """A job of an operation of its own, to its end."""
    host.fence = next(_numbers)
    return host.run(f"op{host.fence}-{action}", action, arguments)


def change(host: HostDriver, action: str, **arguments: object) -> dict[str, Any]:
    """The reply to a call that changes something."""
    host.fence = next(_numbers)
    return host.call(action, arguments, host.fence)


def connect(release: Release, host: HostDriver, authority: Path) -> Session:
    """A tenant's session."""
    return release.conformance.connect(Server(host.address, PORT, authority=authority))


def test_flags_wait_for_a_restart(release: Release, host: HostDriver, authority: Path) -> None:
    reply = change(host, "reconfigure", settings=settings(release, **{LIMIT: 3}))
    assert reply["result"]["restart_required"] is True
    with connect(release, host, authority) as session:
        before = session.setting(LIMIT)
        assert before != "3"
    assert do(host, "restart", **delivery(host))["result"]["restart_required"] is False
    with connect(release, host, authority) as session:
        assert session.setting(LIMIT) == "3"


def test_a_flag_that_it_cannot_read_changes_nothing(release: Release, host: HostDriver) -> None:
    error = change(host, "reconfigure", settings=settings(release, **{LIMIT: "a; lot"}))["error"]
    assert (error["type"], LIMIT in error["message"]) == ("engine_error", True)
    assert do(host, "restart")["result"]["restart_required"] is False


def test_flags_with_which_it_does_not_start_are_taken_back(release: Release, host: HostDriver, authority: Path) -> None:
    assert change(host, "reconfigure", settings=settings(release, retentionPeriod="1h"))["ok"]
    state = do(host, "restart")
    assert "it runs with the settings before" in state["error"]["message"], state
    with connect(release, host, authority) as session:
        assert session.setting("retentionPeriod") == "13"


def test_a_tenant_makes_no_snapshots(host: HostDriver, authority: Path) -> None:
    with requests.Session() as anybody:
        anybody.trust_env, anybody.verify = False, str(authority)
        for path in ("create", "list", "delete_all"):
            assert "invalid authKey" in anybody.get(f"https://{host.address}:{PORT}/snapshot/{path}").text
    key = (host.root / "conf" / "token.key").read_bytes()
    for pid in host.processes():
        assert key not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert key not in (host.root / "log" / "victoriametrics.log").read_bytes()


def test_a_killed_backup_leaves_a_snapshot_until_the_next(
    release: Release, host: HostDriver, authority: Path, sink: TempUrlSink
) -> None:
    with connect(release, host, authority) as session:
        session.write(range(10))
    snapshots = host.root / "data" / "victoriametrics" / "snapshots"
    (snapshots / "20200101000000-18EA683F8DE2D2B4").mkdir(parents=True)
    assert do(host, "backup", upload=sink.address("PUT", "b"), segment_bytes=1 << 20)["state"] == "succeeded"
    assert not list(snapshots.iterdir())


def test_a_new_certificate_is_shown_without_a_restart(host: HostDriver) -> None:
    before = shown(host)
    reply = change(host, "renew_certificate", **delivery(host))
    assert "certificate_expires" in reply["result"]
    until(lambda: shown(host) != before, "the server shows the old certificate")


def shown(host: HostDriver) -> bytes:
    """The certificate with which the server answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host.address, PORT), 5) as plain, context.wrap_socket(plain) as secured:
        certificate = secured.getpeercert(binary_form=True)
    assert certificate
    return certificate
