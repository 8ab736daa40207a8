"""etcd and InfluxDB, which trust tokens that their host signs: nobody else gets in, and no secret is anywhere."""

from __future__ import annotations

import base64
import hmac
import json
import socket
import ssl
import stat
import time
from http import HTTPStatus
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from datastores.conformance import ConformanceRefused, Server, Session
from functions.hostlink.tls_ca import TlsAuthority
from tests.e2e.datastores.conftest import Hosts
from tests.support.host_driver import HostDriver, with_certificate
from tests.support.releases import Release, releases
from tests.support.tempurl_sink import TempUrlSink
from tests.support.tls import certified, written

PASSWORD = "a canary's p4ssw0rd; \\ \" é"
USER, DATABASE = "tester", "app"
ADMINISTRATORS = {"etcd": "root", "influxdb": "trove_admin"}
KEEPS_PASSWORDS_IN_ITS_LOG = {"etcd-3.4"}
"""Said in datastores/etcd/engine_users.py."""
NASTY = ["a\"b'c;--", "back\\slash\\' OR", "ü\u202e\u00a0ß", "a.b $$ %41", "-host"]
AUTHORITY = certified("root")
_numbers = count(1)

pytestmark = pytest.mark.parametrize(
    "release", [found for found in releases() if found.datastore.name in ADMINISTRATORS], ids=str, scope="module"
)


class Host:
    """A host with an instance, which speaks TLS."""

    def __init__(self, driver: HostDriver, release: Release, authority: Path) -> None:
        self.driver, self.release, self._authority = driver, release, authority

    def do(self, action: str, **more: object) -> dict[str, Any]:
        """The result of a job of an operation of its own, with a new certificate."""
        self.driver.fence = next(_numbers)
        issued = TlsAuthority(AUTHORITY.key_text, AUTHORITY.text).issue_server("instance", [self.driver.address])
        tls = {
            "certificate": issued.certificate,
            "private_key": issued.private_key.get_secret_value(),
            "authority": issued.authority,
            "expires": issued.expires.isoformat(),
        }
        state = self.driver.run(f"op{self.driver.fence}-{action}", action, {**with_certificate(action, tls), **more})
        assert state["state"] == "succeeded", state
        result: dict[str, Any] = state["result"]
        return result

    def change(self, action: str, **arguments: object) -> dict[str, Any]:
        """The reply to a call that changes something."""
        self.driver.fence = next(_numbers)
        return self.driver.call(action, arguments, self.driver.fence)

    def connect(self, user: str = USER, password: str = PASSWORD, database: str | None = DATABASE) -> Session:
        """A tenant's session."""
        of = database if self.release.can("databases") else None
        port = self.release.datastore.ports[0]
        server = Server(self.driver.address, port, user, password, of, self._authority)
        return self.release.conformance.connect(server)

    def databases(self, *names: str) -> list[dict[str, str]]:
        """Databases as arguments have them; none where the datastore has none."""
        return [{"name": name} for name in names] if self.release.can("databases") else []

    def arguments(self) -> dict[str, Any]:
        """Arguments of create: a small flavor's settings, a database and a user."""
        databases = self.databases(DATABASE)
        user = {"name": USER, "password": PASSWORD, "databases": [each["name"] for each in databases]}
        return {"settings": self.release.version.settings_for(512, 2), "databases": databases, "users": [user]}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file by which clients know servers."""
    return written(tmp_path_factory.mktemp("clients") / "root.pem", AUTHORITY.text)


@pytest.fixture(scope="module")
def host(hosts: Hosts, release: Release, authority: Path) -> Host:
    """A host with a created instance and some numbers."""
    made = Host(hosts.make(release.datastore.name, release.version.name), release, authority)
    assert made.do("create", **made.arguments())["certificate_expires"]
    with made.connect() as session:
        session.write(range(10))
    return made


def test_only_tls_and_the_password_open(host: Host) -> None:
    port = host.release.datastore.ports[0]
    assert "HTTPS server" in reply_of(f"http://{host.driver.address}:{port}/")
    for user, password in (
        (USER, "wrong"),
        ("nobody", PASSWORD),
        (administrator(host), ""),
        (administrator(host), "x"),
    ):
        with pytest.raises(ConformanceRefused):
            host.connect(user, password)


def test_an_old_tls_is_refused(host: Host) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    address = host.driver.address, host.release.datastore.ports[0]
    with socket.create_connection(address, 5) as plain, pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        context.wrap_socket(plain)


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_a_forged_token_opens_nothing(host: Host, algorithm: str, authority: Path) -> None:
    claims = {"username": administrator(host), "revision": 2**52, "exp": int(time.time()) + 60}
    header, content = (encoded(json.dumps(part).encode()) for part in ({"alg": algorithm, "typ": "JWT"}, claims))
    signature = encoded(hmac.new(b"", f"{header}.{content}".encode(), "sha256").digest()) if algorithm != "none" else ""
    token = f"{header}.{content}.{signature}"
    place = f"https://{host.driver.address}:{host.release.datastore.ports[0]}"
    with requests.Session() as forger:
        forger.trust_env, forger.verify = False, str(authority)
        if host.release.datastore.name == "etcd":
            reply = forger.post(f"{place}/v3/auth/user/list", json={}, headers={"Authorization": token})
        else:
            asked = {"q": "SHOW USERS"}
            reply = forger.post(f"{place}/query", data=asked, headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == HTTPStatus.UNAUTHORIZED


def encoded(part: bytes) -> str:
    """As tokens have it."""
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def test_its_log_is_there(host: Host) -> None:
    [measured] = host.driver.call("measure_logs", {"logs": [{"name": "general", "position": None}]})["result"]["logs"]
    assert measured["pending_bytes"] > 0
    assert not measured["rotated"]


def reply_of(url: str) -> str:
    """What a server says; that it is no HTTPS request when it says nothing."""
    try:
        return requests.get(url, timeout=5).text
    except requests.ConnectionError:
        return "an HTTPS server"


def administrator(host: Host) -> str:
    """The service's own user."""
    return ADMINISTRATORS[host.release.datastore.name]


def test_the_administrator_is_not_the_tenants(host: Host) -> None:
    shown = host.driver.call("accounts")["result"]["users"]
    assert {user["name"] for user in shown} == {USER}
    error = host.change("create_users", users=[{"name": administrator(host), "password": PASSWORD}])["error"]
    assert "is reserved" in error["message"]


def test_restored_it_obeys_another_host(host: Host, hosts: Hosts, sink: TempUrlSink, authority: Path) -> None:
    host.do("backup", upload=sink.address("PUT", "b"), segment_bytes=1 << 20)
    release = host.release
    other = Host(hosts.make(release.datastore.name, release.version.name), release, authority)
    restored = other.arguments() | {"users": [], "databases": [], "download": [sink.address("GET", "b")]}
    other.do("restore", **restored)
    with other.connect() as session:
        assert session.read() == set(range(10))
    assert other.change("create_users", users=[{"name": "second", "password": PASSWORD}])["ok"]
    assert other.driver.call("accounts")["result"]["users"][0]["name"] == "second"
    other.driver.destroy()


@pytest.mark.parametrize("nasty", NASTY)
def test_nasty_names_and_passwords_are_only_that(host: Host, nasty: str) -> None:
    user, database = f"u{nasty}", f"d{nasty.replace(chr(92), '')}"
    databases = host.databases(database)
    if databases and not database.isprintable():
        error = host.change("create_databases", databases=databases)["error"]
        assert "does not take there" in error["message"]
        return
    if databases:
        assert host.change("create_databases", databases=databases)["ok"]
    wanted = {"name": user, "password": nasty, "databases": [each["name"] for each in databases]}
    assert host.change("create_users", users=[wanted])["ok"]
    with host.connect(user, nasty, database) as session:
        session.write([1])
        assert 1 in session.read()
    assert host.change("delete_user", name=user, host="%")["ok"]
    with pytest.raises(ConformanceRefused):
        host.connect(user, nasty, database)
    assert user not in {item["name"] for item in host.driver.call("accounts")["result"]["users"]}


def test_a_user_gets_a_new_password_and_a_new_name(host: Host) -> None:
    granted = [each["name"] for each in host.databases(DATABASE)]
    host.change("create_users", users=[{"name": "old", "password": PASSWORD, "databases": granted}])
    error = host.change("update_users", changes=[{"name": "old", "host": "%", "new_name": "new"}])["error"]
    assert "give a new password" in error["message"]
    change = {"name": "old", "host": "%", "new_name": "new", "password": "another"}
    assert host.change("update_users", changes=[change])["ok"]
    assert host.change("update_users", changes=[change])["ok"]
    with host.connect("new", "another") as session:
        assert set(range(10)) <= session.read()
    with pytest.raises(ConformanceRefused):
        host.connect("old", PASSWORD)
    host.change("delete_user", name="new", host="%")


def test_no_secret_is_left_anywhere(host: Host) -> None:
    key = (host.driver.root / "conf" / "token.key").read_bytes()
    canaries = {PASSWORD.encode(), key}
    for path in (path for path in host.driver.root.rglob("*") if stat.S_ISREG(path.lstat().st_mode)):
        content, mode = path.read_bytes(), path.stat().st_mode
        is_conf = "conf" in path.parts
        assert not (is_conf and mode & 0o077), f"{path} can be read by others"
        if not (is_conf or (str(host.release) in KEEPS_PASSWORDS_IN_ITS_LOG and path.suffix == ".wal")):
            assert not any(canary in content for canary in canaries), path
    for pid in host.driver.processes():
        for name in ("cmdline", "environ"):
            content = Path(f"/proc/{pid}/{name}").read_bytes()
            assert not any(canary in content for canary in canaries)


def test_a_database_may_be_called_as_a_file_of_a_backup(host: Host, hosts: Hosts, sink: TempUrlSink) -> None:
    if not host.release.can("databases"):
        pytest.skip(f"{host.release.datastore.name} has no databases")
    for name in ("meta", "meta.x"):
        assert host.change("create_databases", databases=[{"name": name}])["ok"]
        assert host.change("grant", name=USER, host="%", databases=[name])["ok"]
        with host.connect(database=name) as session:
            session.write(range(3))
    host.do("backup", upload=sink.address("PUT", "meta"), segment_bytes=2**20)
    release = host.release
    other = Host(hosts.make(release.datastore.name, release.version.name), release, host._authority)
    other.do("restore", download=[sink.address("GET", "meta")], **other.arguments() | {"databases": [], "users": []})
    with other.connect(database="meta") as session:
        assert sorted(session.read()) == [0, 1, 2]
