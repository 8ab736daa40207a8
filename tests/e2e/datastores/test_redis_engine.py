"""The engine of Redis and Valkey on real servers: who may do what, settings, backups, and what stays secret."""

from __future__ import annotations

import json
import os
import signal
import ssl
import stat
import subprocess
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import valkey

from datastores.catalog import catalog
from datastores.host.names import USER
from functions.hostlink.tls_ca import TlsAuthority
from tests.e2e.datastores.conftest import Hosts
from tests.support.host_driver import HostDriver, as_engine_user
from tests.support.releases import releases
from tests.support.tempurl_sink import Fault, TempUrlSink
from tests.support.tls import certified, written

PASSWORD = "a canary's p4ssw0rd; \\ \" é"
ALICE = {"name": "alice", "password": PASSWORD, "host": "%"}
PORT = 6379
MAXCLIENTS = 10
ROOT = certified("root")
ISSUING = certified("issuing", ROOT)
AUTHORITY = TlsAuthority(ISSUING.key_text, ISSUING.text + ROOT.text)
NASTY = ["~* &* +@all", "#hash", "(+@all)", "ü\u202e\u00a0ß", "*3\r$4"]
DEFAULTS = [
    release
    for release in releases()
    if "redis" in {release.datastore.name, release.datastore.family}
    and release.version.name == release.datastore.default_version
]
_numbers = count(1)


def settings(host: HostDriver, **more: object) -> dict[str, Any]:
    """The defaults of a small flavor, and more."""
    return host.version.settings_for(512, 2) | {name.replace("_", "-"): value for name, value in more.items()}


def do(host: HostDriver, action: str, **more: object) -> dict[str, Any]:
    """Run one job of an operation of its own."""
    host.fence = next(_numbers)
    return host.run(f"op{host.fence}-{action}", action, dict(more))


def done(host: HostDriver, action: str, **more: object) -> dict[str, Any]:
    """The result of a job that must succeed."""
    state = do(host, action, **more)
    assert state["state"] == "succeeded", state
    result: dict[str, Any] = state["result"]
    return result


def change(host: HostDriver, action: str, /, **arguments: object) -> None:
    """A change as a step makes it, twice: the second time nothing is left to do."""
    for _ in range(2):
        host.fence = next(_numbers)
        reply = host.call(action, arguments, host.fence)
        assert reply["ok"], reply


def connect(host: HostDriver, user: str = "alice", password: str = PASSWORD, **more: Any) -> Any:  # noqa: ANN401 - client
    """A tenant's client."""
    return closing(valkey.Valkey(host=host.address, port=PORT, username=user, password=password, **more))


def opens(host: HostDriver, user: str, password: str) -> bool:
    """Whether a user gets in."""
    with connect(host, user, password) as client:
        try:
            return bool(client.ping())
        except valkey.AuthenticationError:
            return False


@pytest.fixture(scope="module", params=DEFAULTS, ids=str)
def host(request: pytest.FixtureRequest, hosts: Hosts) -> Iterator[HostDriver]:
    """A host with an instance, a user and keys."""
    made = hosts.make(request.param.datastore.name)
    done(made, "create", settings=settings(made), users=[ALICE])
    with connect(made) as client:
        client.mset({f"key:{number}": number for number in range(1000)})
    yield made


@pytest.mark.parametrize(
    "command",
    [
        "CONFIG GET dir", "CONFIG SET dir /tmp", "ACL LIST", "ACL SETUSER alice +@all", "SHUTDOWN",
        "REPLICAOF 127.0.0.1 1", "SAVE", "BGSAVE", "BGREWRITEAOF", "MODULE LIST", "CLIENT LIST", "CLIENT KILL ID 1",
        "MONITOR", "MIGRATE 127.0.0.1 1 key 0 10", "SYNC", "CLUSTER RESET", "FAILOVER",
    ],
)  # fmt: skip
def test_tenants_do_not_administer(host: HostDriver, command: str) -> None:
    with connect(host) as client, pytest.raises(valkey.exceptions.NoPermissionError):
        client.execute_command(*command.split())


def test_tenants_use_all_that_is_theirs(host: HostDriver) -> None:
    with connect(host, db=3) as client:
        client.hset("h", "a", 1)
        assert client.eval("return redis.call('HGET', KEYS[1], 'a')", 1, "h") == b"1"
        assert client.keys("*") == [b"h"]
        client.restore("copy", 0, client.dump("h"))
        assert client.publish("channel", "word") == 0
        assert client.slowlog_len() >= 0
        client.flushdb()
        assert client.dbsize() == 0
        assert client.info("server")["process_id"]


def test_nobody_gets_in_without_a_password(host: HostDriver) -> None:
    with closing(valkey.Valkey(host=host.address, port=PORT)) as client, pytest.raises(valkey.AuthenticationError):
        client.ping()
    for user in ("default", "os_admin", "alice"):
        assert not opens(host, user, "wrong")


def test_create_again_changes_nothing(host: HostDriver) -> None:
    done(host, "create", settings=settings(host), users=[ALICE])
    with connect(host) as client:
        assert client.dbsize() == 1000


def test_a_create_that_was_interrupted_is_finished_by_the_next(host: HostDriver, hosts: Hosts) -> None:
    made = hosts.make(host.datastore)
    for phase in ("initialize", "configure", "start", "users"):
        kill_in_phase(made, phase)
    done(made, "create", settings=settings(made), users=[ALICE])
    assert opens(made, "alice", PASSWORD)
    made.destroy()


def kill_in_phase(host: HostDriver, phase: str) -> None:
    """Start a create and kill its supervisor as soon as it reaches a phase."""
    host.fence = next(_numbers)
    job = f"op{host.fence}-create"
    host.start(job, "create", {"settings": settings(host), "users": [ALICE]})
    directory = host.root / "jobs" / job
    while (status := json.loads((directory / "status.json").read_text()))["state"] == "running":
        progress = directory / "progress.json"
        if progress.exists() and phase in progress.read_text():
            os.kill(status["pid"], signal.SIGKILL)
            break
    host.finish(job)


def test_users_come_change_and_go_and_are_kept(host: HostDriver) -> None:
    change(host, "create_users", users=[{"name": "bob", "password": "first", "host": "%"}])
    change(host, "update_users", changes=[{"name": "bob", "host": "%", "new_name": "rob"}])
    assert opens(host, "rob", "first")
    assert not opens(host, "bob", "first")
    change(host, "update_users", changes=[{"name": "rob", "host": "%", "password": "second"}])
    done(host, "restart")
    assert opens(host, "rob", "second")
    assert not opens(host, "rob", "first")
    with connect(host, "rob", "second", retry=None) as client:
        client.ping()
        change(host, "delete_user", name="rob", host="%")
        with pytest.raises((valkey.ConnectionError, valkey.AuthenticationError)):
            client.ping()
    assert [user["name"] for user in host.call("accounts")["result"]["users"]] == ["alice"]


def test_a_user_that_is_not_there_or_in_the_way_is_told(host: HostDriver) -> None:
    change(host, "create_users", users=[{"name": "bob", "password": "x", "host": "%"}])
    for changes, words in (
        ({"name": "nobody", "password": "x"}, "there is no user 'nobody'"),
        ({"name": "alice", "new_name": "bob"}, "there is already a user 'bob'"),
        ({"name": "alice", "new_name": "os_admin"}, "is reserved"),
    ):
        host.fence = next(_numbers)
        error = host.call("update_users", {"changes": [{"host": "%", **changes}]}, host.fence)["error"]
        assert (error["type"], words in error["message"]) == ("bad_request", True), error
    change(host, "delete_user", name="bob", host="%")


def test_nasty_names_and_passwords_are_only_that(host: HostDriver) -> None:
    names = [name.replace(" ", "_").replace("\r", "_") for name in NASTY]
    users = [{"name": name, "password": word, "host": "%"} for name, word in zip(names, NASTY, strict=True)]
    change(host, "create_users", users=users)
    done(host, "restart")
    for user in users:
        with connect(host, user["name"], user["password"]) as client:
            assert client.acl_whoami() == user["name"]
            with pytest.raises(valkey.exceptions.NoPermissionError):
                client.acl_list()
        assert not opens(host, user["name"], "wrong")
    host.fence = next(_numbers)
    for name in names:
        assert host.call("delete_user", {"name": name, "host": "%"}, host.fence)["ok"]


@pytest.mark.parametrize("name", ["a b", "a'b", 'a"b', "a\\b"])
def test_names_that_the_file_of_users_cannot_hold_are_refused(name: str) -> None:
    for datastore in ("redis", "valkey"):
        assert "no name can have" in str(catalog().find(datastore).names.problem(USER, name))


def test_settings_change_together_or_not_at_all(host: HostDriver) -> None:
    with connect(host) as client:

        def shown() -> tuple[Any, Any]:
            about = client.info()
            return about["maxmemory"], about["maxmemory_policy"]

        before = shown()
        policy = settings(host, maxmemory="99MB", maxmemory_policy="allkeys-lru")
        done(host, "configure", settings=policy)
        assert shown() == (99 << 20, "allkeys-lru")
        state = do(host, "configure", settings=policy | {"maxmemory": "50MB", "latency-tracking-info-percentiles": "x"})
        assert "latency-tracking-info-percentiles" in state["error"]["message"]
        assert shown() == (99 << 20, "allkeys-lru")
        done(host, "configure", settings=settings(host))
        assert shown() == before


def test_what_waits_for_a_restart_is_told_until_the_server_is_another(host: HostDriver) -> None:
    assert done(host, "configure", settings=settings(host, databases=20))["restart_required"]
    kill(host)
    left = host.root / "data" / host.datastore / "temp-rewriteaof-bg-1.aof"
    left.touch()
    boot(host)
    assert not left.exists()
    assert not done(host, "start")["restart_required"]
    with connect(host, db=19) as client:
        assert client.ping()
    assert done(host, "configure", settings=settings(host))["restart_required"]
    assert not done(host, "restart")["restart_required"]


def kill(host: HostDriver) -> None:
    """Kill the server."""
    pid = int((host.root / "run" / f"{host.datastore}.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}/exe").exists():
        pass


def boot(host: HostDriver) -> None:
    """What the host does when it boots."""
    environment = {"TROVE_HOST_FACTS": str(host.root / "facts.json"), "PATH": os.environ["PATH"]}
    script = str(host.root / "boot" / host.datastore)
    subprocess.run([script], check=True, env=environment, **as_engine_user())


def test_a_start_that_fails_goes_back_to_the_settings_before(host: HostDriver) -> None:
    state = do(host, "resize", settings=settings(host, hz="often"))
    assert state["state"] == "failed"
    assert "hz" in state["error"]["message"]
    assert "it runs with the settings before" in state["error"]["message"]
    assert opens(host, "alice", PASSWORD)


def test_a_backup_has_data_and_users_and_needs_no_tools_of_ours(
    host: HostDriver, hosts: Hosts, sink: TempUrlSink, tmp_path: Path
) -> None:
    sink.faults = deque([Fault.UNAVAILABLE, Fault.RESET, Fault.WRONG_ETAG])
    done(host, "backup", upload=sink.address("PUT", "b"), segment_bytes=1 << 20)
    other = hosts.make(host.datastore)
    done(other, "restore", download=[sink.address("GET", "b")], settings=settings(other))
    done(other, "restore", download=[sink.address("GET", "b")], settings=settings(other))
    with connect(other) as client:
        assert client.dbsize() == 1000
    other.destroy()
    stored = b"".join(sink.objects[path] for path in sorted(sink.objects) if "/segments/" in path)
    (tmp_path / "stored").write_bytes(stored)
    stock = catalog().find(host.datastore).stock_restore
    assert stock is not None
    for command in stock.commands(["zstd -dc stored"]):
        subprocess.run(command, shell=True, check=True, cwd=tmp_path)
    directory = tmp_path / "DATA_DIRECTORY"
    assert sorted(path.name for path in directory.iterdir()) == ["dump.rdb", "users.acl"]
    assert (directory / "dump.rdb").read_bytes().startswith((b"REDIS", b"VALKEY"))
    assert [line.split()[1] for line in (directory / "users.acl").read_text().splitlines()] == ["alice"]


def test_a_damaged_backup_is_not_restored(host: HostDriver, hosts: Hosts, sink: TempUrlSink) -> None:
    done(host, "backup", upload=sink.address("PUT", "b"), segment_bytes=1 << 20)
    sink.faults = deque([Fault.DAMAGED])
    other = hosts.make(host.datastore)
    state = do(other, "restore", download=[sink.address("GET", "b")], settings=settings(other))
    assert (state["state"], state["error"]["type"]) == ("failed", "damaged_backup")
    assert not (other.root / "data" / host.datastore).exists()


def test_hash_fields_that_expire_are_backed_up(hosts: Hosts, sink: TempUrlSink) -> None:
    made, other = hosts.make("valkey", "9"), hosts.make("valkey", "9")
    done(made, "create", settings=settings(made), users=[ALICE])
    with connect(made) as client:
        client.hset("cart", mapping={"item": "1", "kept": "2"})
        client.execute_command("HEXPIRE", "cart", 10_000, "FIELDS", 1, "item")
    done(made, "backup", upload=sink.address("PUT", "fields"), segment_bytes=1 << 20)
    done(other, "restore", download=[sink.address("GET", "fields")], settings=settings(other))
    with connect(other) as client:
        assert client.hgetall("cart") == {b"item": b"1", b"kept": b"2"}
        (seconds,) = client.execute_command("HTTL", "cart", "FIELDS", 1, "item")
        assert 9_000 < seconds <= 10_000
    for host in (made, other):
        host.destroy()


def test_valkey_takes_over_the_data_of_its_earlier_version(hosts: Hosts) -> None:
    made = hosts.make("valkey", "8")
    done(made, "create", settings=settings(made), users=[ALICE])
    with connect(made) as client:
        client.mset({f"key:{number}": number for number in range(100)})
    made.version = catalog().version("valkey", "9")
    assert made.version.upgrades_from == ("8",)
    assert done(made, "upgrade", settings=settings(made))["version"].startswith("9.")
    with connect(made) as client:
        assert client.dbsize() == 100
    made.destroy()


def delivery(host: HostDriver) -> dict[str, Any]:
    """The argument with which a host gets a certificate."""
    made = AUTHORITY.issue_server("instance", [host.address])
    texts = {"certificate": made.certificate, "authority": made.authority, "expires": made.expires.isoformat()}
    return {"tls": texts | {"private_key": made.private_key.get_secret_value()}}


def test_with_a_certificate_and_a_build_with_tls_there_is_no_other_way_in(
    host: HostDriver, hosts: Hosts, tmp_path: Path
) -> None:
    made = hosts.make(host.datastore)
    created = done(made, "create", settings=settings(made), users=[ALICE], **delivery(made))
    if host.datastore == "valkey":  # the wheels are built without TLS
        assert created["certificate_expires"] is None
        assert opens(made, "alice", PASSWORD)
        return
    trusted: dict[str, Any] = {"ssl": True, "ssl_ca_certs": str(written(tmp_path / "root.pem", ROOT.text))}
    with connect(made, **trusted) as client:
        assert client.ping()
    with connect(made) as plain, pytest.raises(valkey.ConnectionError):
        plain.ping()
    shown = ssl.get_server_certificate((made.address, PORT))
    change(made, "renew_certificate", **delivery(made))
    assert ssl.get_server_certificate((made.address, PORT)) != shown
    assert done(made, "configure", settings=settings(made, hz=20))["restart_required"] is False
    with connect(made, **trusted) as client:
        assert client.ping()


def test_no_secret_is_left_anywhere(host: HostDriver) -> None:
    canary = PASSWORD.encode()
    own_secret = (host.root / "conf" / f"{host.datastore}.password").read_bytes()
    for path in (path for path in host.root.rglob("*") if stat.S_ISREG(path.stat().st_mode)):
        content = path.read_bytes()
        assert canary not in content, path
        assert own_secret not in content or path.name.endswith(".password"), path
        if path.parts[-2] in {"conf", "data", host.datastore}:
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    for pid in host.processes():
        for name in ("cmdline", "environ"):
            content = Path(f"/proc/{pid}/{name}").read_bytes()
            assert canary not in content
            assert own_secret not in content


@pytest.fixture
def crowded(host: HostDriver, hosts: Hosts) -> Iterator[HostDriver]:
    """A host whose tenant holds every connection."""
    made = hosts.make(host.datastore)
    done(made, "create", settings=settings(made, maxclients=MAXCLIENTS), users=[ALICE])
    with ExitStack() as crowd:
        for _ in range(MAXCLIENTS):
            crowd.enter_context(connect(made)).ping()
        yield made


def test_a_tenant_who_holds_every_connection_is_told_so(crowded: HostDriver, sink: TempUrlSink) -> None:
    status = crowded.call("status")["result"]
    assert status["running"]
    assert "raise maxclients" in status["problem"]
    assert "raise maxclients" in crowded.call("accounts")["error"]["message"]
    failed = do(crowded, "backup", upload=sink.address("PUT", "crowded"), segment_bytes=1 << 20)
    assert failed["state"] == "failed"
    assert "raise maxclients" in failed["error"]["message"]


def test_maxclients_is_raised_by_a_restart_when_every_connection_is_taken(crowded: HostDriver) -> None:
    more = settings(crowded, maxclients=2 * MAXCLIENTS)
    assert done(crowded, "configure", settings=more)["restart_required"]
    assert done(crowded, "configure", settings=more)["restart_required"]
    assert not done(crowded, "restart")["restart_required"]
    assert crowded.call("status")["result"]["problem"] is None
    with connect(crowded) as client:
        assert client.info("clients")["maxclients"] == 2 * MAXCLIENTS
