"""Memcached's engine on a real server: what only it has."""

from __future__ import annotations

import ssl
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from datastores.conformance import Server, of
from functions.hostlink.tls_ca import TlsAuthority
from tests.e2e.datastores.conftest import Hosts
from tests.support.host_driver import HostDriver
from tests.support.releases import releases
from tests.support.tls import certified, written

PORT = 11211
ROOT = certified("root")
ISSUING = certified("issuing", ROOT)
AUTHORITY = TlsAuthority(ISSUING.key_text, ISSUING.text + ROOT.text)
_numbers = count(1)

pytestmark = pytest.mark.skipif(
    not [release for release in releases() if release.datastore.name == "memcached"], reason="memcached is not here"
)


def do(host: HostDriver, action: str, **more: object) -> dict[str, Any]:
    """Run one job of an operation of its own."""
    host.fence = next(_numbers)
    return host.run(f"op{host.fence}-{action}", action, dict(more))


def delivery(host: HostDriver) -> dict[str, Any]:
    """The argument with which a host gets a certificate."""
    made = AUTHORITY.issue_server("instance", [host.address])
    texts = {"certificate": made.certificate, "authority": made.authority, "expires": made.expires.isoformat()}
    return {"tls": texts | {"private_key": made.private_key.get_secret_value()}}


def test_with_a_certificate_it_speaks_tls_only_and_reads_a_new_one(hosts: Hosts, tmp_path: Path) -> None:
    host = hosts.make("memcached")
    defaults = host.version.settings_for(512, 2)
    created = do(host, "create", settings=defaults, **delivery(host))
    assert created["result"]["certificate_expires"]
    server = Server(host.address, PORT, authority=written(tmp_path / "root.pem", ROOT.text))
    with of("memcached").connect(server) as session:
        session.write([1])
        shown = ssl.get_server_certificate((host.address, PORT))
        host.fence = next(_numbers)
        assert host.call("renew_certificate", delivery(host), host.fence)["result"]["certificate_expires"]
        assert ssl.get_server_certificate((host.address, PORT)) != shown
        assert session.read() == {1}
    with of("memcached").connect(Server(host.address, PORT)) as plain, pytest.raises((OSError, IndexError)):
        plain.read()


def test_settings_that_a_start_refuses_are_taken_back(hosts: Hosts) -> None:
    host = hosts.make("memcached")
    defaults = host.version.settings_for(512, 2)
    assert do(host, "create", settings=defaults)["state"] == "succeeded"
    state = do(host, "resize", settings=defaults | {"threads": 0})
    assert "threads must be greater than 0" in state["error"]["message"]
    assert "it runs with the settings before" in state["error"]["message"]
    with of("memcached").connect(Server(host.address, PORT)) as session:
        session.write([1])
        assert session.read() == {1}
