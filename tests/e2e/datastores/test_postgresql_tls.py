"""PostgreSQL's TLS on a real server of a build that has it: who gets in, and certificates that change under way."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from functions.hostlink.tls_ca import TlsAuthority
from tests.e2e.datastores.conftest import Hosts
from tests.support.host_driver import HostDriver, as_engine_user, with_certificate
from tests.support.releases import Release, releases
from tests.support.tempurl_sink import TempUrlSink
from tests.support.tls import certified, shown_by_postgresql, written

ROOT = certified("root")
ISSUING = certified("issuing", ROOT)
AUTHORITY = TlsAuthority(ISSUING.key_text, ISSUING.text + ROOT.text)
PASSWORD = "s3cret-enough"
SHOP = {"name": "shop"}
ALICE = {"name": "alice", "password": PASSWORD, "databases": [SHOP["name"]]}
VERSIONS = [release for release in releases() if release.datastore.name == "postgresql"]
_numbers = count(1)


@dataclass
class Secured:
    """A host with an instance that was given a certificate, and the certificate's end as the job said it."""

    host: HostDriver
    root: Path
    expires: str | None = None

    def do(self, action: str, *addresses: str, **more: object) -> dict[str, Any]:
        """The result of a job with a new certificate for these addresses."""
        self.host.fence = next(_numbers)
        tls = delivery(*addresses or [self.host.address])["tls"]
        arguments = {**with_certificate(action, tls), **more}
        state = self.host.run(f"op{self.host.fence}-{action}", action, arguments)
        assert state["state"] == "succeeded", state
        result: dict[str, Any] = state["result"]
        self.expires = result.get("certificate_expires") or self.expires
        return result

    def query(self, sql: str, **more: str) -> list[tuple[Any, ...]]:
        """Rows, as a tenant gets them who trusts the authority alone."""
        usual: dict[str, Any] = {
            "sslmode": "verify-full",
            "sslrootcert": str(self.root),
            "user": "alice",
            "password": PASSWORD,
        }
        with closing(psycopg2.connect(host=self.host.address, dbname="shop", **(usual | more))) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    @property
    def serial(self) -> int:
        """The number of the certificate that the server shows."""
        return shown_by_postgresql(self.host.address).serial_number


def delivery(*addresses: str) -> dict[str, Any]:
    """The argument `tls` with a certificate for these addresses."""
    made = AUTHORITY.issue_server("instance", addresses)
    return {
        "tls": {
            "certificate": made.certificate,
            "private_key": made.private_key.get_secret_value(),
            "authority": made.authority,
            "expires": made.expires.isoformat(),
        }
    }


def make(hosts: Hosts, release: Release, directory: Path, action: str = "create", **more: object) -> Secured:
    made = Secured(hosts.make("postgresql", release.version.name), written(directory / "root.pem", ROOT.text))
    made.do(action, settings=release.version.settings_for(512, 2), databases=[SHOP], users=[ALICE], **more)
    return made


@pytest.fixture(scope="module", params=[release for release in VERSIONS if release.version.name == "15"], ids=str)
def secured(request: pytest.FixtureRequest, hosts: Hosts, tmp_path_factory: pytest.TempPathFactory) -> Secured:
    """An instance of a build that has TLS."""
    return make(hosts, request.param, tmp_path_factory.mktemp("secured"))


def test_clients_know_the_server_and_talk_to_it_in_secret(secured: Secured) -> None:
    assert secured.query("SELECT ssl, version >= 'TLSv1.2' FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [
        (True, True)
    ]
    assert (
        secured.expires
        == shown_by_postgresql(secured.host.address).not_valid_after_utc.replace(tzinfo=None).isoformat()
    )


def test_without_tls_nobody_gets_in(secured: Secured) -> None:
    with pytest.raises(psycopg2.OperationalError, match="no encryption"):
        secured.query("SELECT 1", sslmode="disable")


def test_of_another_authority_nobody_is_convinced(secured: Secured, tmp_path: Path) -> None:
    other = written(tmp_path / "other.pem", certified("another root").text)
    with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
        secured.query("SELECT 1", sslrootcert=str(other))


def test_a_certificate_is_renewed_without_a_restart(secured: Secured) -> None:
    before, started = secured.serial, secured.query("SELECT pg_postmaster_start_time()")
    reply = secured.host.call("renew_certificate", delivery(secured.host.address), fence=next(_numbers))
    assert reply["result"]["certificate_expires"] >= str(secured.expires)
    assert secured.serial != before
    assert secured.query("SELECT pg_postmaster_start_time()") == started


def test_other_addresses_get_another_certificate_at_once(secured: Secured) -> None:
    secured.do("access", "127.9.9.9", allowed_cidrs=[])
    with pytest.raises(psycopg2.OperationalError, match="does not match host name"):
        secured.query("SELECT 1")
    assert secured.query("SELECT 1", sslmode="verify-ca") == [(1,)]
    secured.do("access", "127.9.9.9", secured.host.address, allowed_cidrs=["127.0.0.0/8"])
    assert secured.query("SELECT 1") == [(1,)]


def test_each_start_brings_another_certificate(secured: Secured) -> None:
    serials = [secured.serial]
    for actions in (["restart"], ["stop", "start"], ["resize"], ["upgrade"]):
        for action in actions:
            more = {"settings": {"max_connections": 40}} if action in {"resize", "upgrade"} else {}
            secured.do(action, **more)
        serials.append(secured.serial)
        assert secured.query("SELECT 1") == [(1,)]
    assert len(set(serials)) == len(serials)


def test_it_boots_with_the_certificate_that_was_there(secured: Secured) -> None:
    before = secured.serial
    secured.host.destroy()
    environment = {"TROVE_HOST_FACTS": str(secured.host.root / "facts.json"), "PATH": os.environ["PATH"]}
    subprocess.run([str(secured.host.root / "boot" / "postgresql")], check=True, env=environment, **as_engine_user())
    assert secured.serial == before


def test_settings_change_with_tls_as_it_was(secured: Secured) -> None:
    secured.do("configure", settings={"work_mem": "7MB"})
    assert secured.query("SHOW work_mem") == [("7MB",)]
    with pytest.raises(psycopg2.OperationalError, match="no encryption"):
        secured.query("SELECT 1", sslmode="disable")


def test_a_restored_database_has_a_certificate_of_its_own(
    secured: Secured, hosts: Hosts, sink: TempUrlSink, tmp_path: Path
) -> None:
    secured.query("CREATE TABLE kept AS SELECT generate_series(1, 100) AS n")
    secured.do("backup", upload=sink.address("PUT", "b"), segment_bytes=1 << 20)
    [release] = [item for item in VERSIONS if item.version == secured.host.version]
    other = make(hosts, release, tmp_path, "restore", download=[sink.address("GET", "b")])
    assert other.query("SELECT count(*) FROM kept") == [(100,)]
    assert other.serial != secured.serial


def test_the_private_key_is_where_it_belongs_only(secured: Secured) -> None:
    holders = [path for path in secured.host.root.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    [key] = {path.resolve() for path in holders}
    assert key.stat().st_mode & 0o777 == 0o600
    assert secured.host.root / "conf" in key.parents


def test_a_build_without_tls_claims_none(hosts: Hosts, tmp_path: Path) -> None:
    [release] = [item for item in VERSIONS if item.version.name == "18"]
    plain = make(hosts, release, tmp_path)
    assert plain.expires is None
    assert plain.query("SELECT 1", sslmode="disable") == [(1,)]
