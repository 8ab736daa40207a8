"""MariaDB's engine on a real server: settings, TLS, logs, a chain of backups, and what a crash leaves."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pymysql
import pytest

from datastores.mariadb import make_parameters
from functions.hostlink.tls_ca import TlsAuthority
from tests.e2e.datastores.conftest import Hosts
from tests.support.host_driver import HostDriver, as_engine_user
from tests.support.releases import Release, releases
from tests.support.tempurl_sink import ROOT as STORE
from tests.support.tempurl_sink import TempUrlSink
from tests.support.tls import certified, written

ROOT = certified("root")
ISSUING = certified("issuing", ROOT)
AUTHORITY = TlsAuthority(ISSUING.key_text, ISSUING.text + ROOT.text)
PASSWORD = "a canary's p4ssw0rd; \\ \" é"
SHOP = {"name": "shop"}
ALICE = {"name": "alice", "password": PASSWORD, "databases": [SHOP["name"]]}
LINKS = ("full", "first", "second")
_numbers = count(1)


def arguments(host: HostDriver, **more: object) -> dict[str, Any]:
    """Arguments of create or restore with the default settings of a small flavor and a certificate."""
    made = AUTHORITY.issue_server("instance", [host.address])
    tls = {
        "certificate": made.certificate,
        "private_key": made.private_key.get_secret_value(),
        "authority": made.authority,
        "expires": made.expires.isoformat(),
    }
    return {"settings": host.version.settings_for(512, 2), "databases": [], "users": [], "tls": tls, **more}


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


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file by which tenants know servers."""
    return written(tmp_path_factory.mktemp("authority") / "root.pem", ROOT.text)


class Made:
    """A host with an instance."""

    def __init__(self, host: HostDriver, authority: Path) -> None:
        self.host, self.authority = host, authority

    def connect(self, *, tls: bool = True) -> pymysql.Connection[Any]:
        """A tenant's session."""
        account: dict[str, Any] = {"user": "alice", "password": PASSWORD.encode(), "database": "shop"}
        context = ssl.create_default_context(cafile=str(self.authority))
        account |= {"ssl": context} if tls else {"ssl_disabled": True}
        connection: pymysql.Connection[Any] = pymysql.connect(host=self.host.address, port=3306, **account)
        connection.autocommit(True)
        return connection

    def query(self, sql: str) -> Any:  # noqa: ANN401 - rows
        """Rows, as a tenant gets them."""
        with closing(self.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            return cursor.fetchall()

    def show(self, name: str) -> str:
        """A global variable."""
        [(value,)] = self.query(f"SELECT @@GLOBAL.{name}")
        return str(value)

    def configure(self, **values: object) -> dict[str, Any]:
        """Give the server these settings over the defaults."""
        return done(self.host, "configure", settings=arguments(self.host)["settings"] | values)

    def refusal(self, **values: object) -> str:
        """Why settings are refused."""
        state = do(self.host, "configure", settings=arguments(self.host)["settings"] | values)
        assert state["state"] == "failed", state
        message: str = state["error"]["message"]
        return message


@pytest.fixture(
    scope="module", params=[release for release in releases() if release.datastore.name == "mariadb"], ids=str
)
def made(request: pytest.FixtureRequest, hosts: Hosts, authority: Path) -> Iterator[Made]:
    """An instance with a database, a user and rows."""
    release: Release = request.param
    instance = Made(hosts.make("mariadb", release.version.name), authority)
    wanted = arguments(instance.host, databases=[SHOP], users=[ALICE])
    result = done(instance.host, "create", **wanted)
    assert result["version"].startswith(f"{release.version.number}.")
    assert result["certificate_expires"]
    instance.query("CREATE TABLE numbers AS SELECT seq AS n, MD5(seq) AS text FROM seq_1_to_5000")
    yield instance


ROWS = "SELECT COUNT(*), SUM(n), MD5(GROUP_CONCAT(text ORDER BY n)) FROM numbers"


def test_the_server_is_set_up_as_promised(made: Made) -> None:
    expected = {
        "bind_address": made.host.address, "require_secure_transport": "1", "local_infile": "0", "sync_binlog": "1",
        "innodb_flush_log_at_trx_commit": "1", "character_set_server": "utf8mb4", "max_connections": "51",
        "secure_file_priv": f"{made.host.root}/run/files/", "gtid_strict_mode": "1", "log_bin": "1",
    }  # fmt: skip
    assert {name: made.show(name) for name in expected} == expected
    assert made.query("SELECT HOST FROM information_schema.PROCESSLIST WHERE HOST = 'localhost'") == ()


def test_tls_is_the_only_way_in_and_renewed_under_way(made: Made) -> None:
    [(_, version)] = made.query("SHOW STATUS LIKE 'Ssl_version'")
    assert version in {"TLSv1.2", "TLSv1.3"}
    with pytest.raises(pymysql.err.OperationalError, match=r"denied|insecure"):
        made.connect(tls=False)
    before = _serial(made)
    made.host.fence = next(_numbers)
    reply = made.host.call("renew_certificate", {"tls": arguments(made.host)["tls"]}, made.host.fence)
    assert reply["result"]["certificate_expires"]
    assert _serial(made) != before


def _serial(made: Made) -> str:
    with closing(made.connect()) as connection:
        shown = connection._sock.getpeercert()  # type: ignore[attr-defined]
        serial: str = shown["serialNumber"]
        return serial


def test_what_needs_no_restart_is_in_force_at_once(made: Made) -> None:
    awkward = {"init_connect": "SET @a = 'it''s # \"odd\" \\\\'", "sql_mode": "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"}
    values = {"wait_timeout": 1234, "long_query_time": 2.5, "innodb_print_all_deadlocks": True, "time_zone": "+02:00",
        "tx_isolation": "SERIALIZABLE", "character_set_server": "latin1",
    }  # fmt: skip
    assert made.configure(**values, **awkward)["restart_required"] is False
    shown = {name: made.show(name) for name in (*values, "init_connect")}
    assert shown == {
        "wait_timeout": "1234", "long_query_time": "2.5", "innodb_print_all_deadlocks": "1", "time_zone": "+02:00",
        "tx_isolation": "SERIALIZABLE", "character_set_server": "latin1", "init_connect": awkward["init_connect"],
    }  # fmt: skip
    done(made.host, "restart")
    assert {name: made.show(name) for name in shown} == shown
    assert made.configure()["restart_required"] is False
    assert {name: made.show(name) for name in shown} == {
        "wait_timeout": "28800", "long_query_time": "1.0", "innodb_print_all_deadlocks": "0", "time_zone": "SYSTEM",
        "tx_isolation": "REPEATABLE-READ", "character_set_server": "utf8mb4", "init_connect": "",
    }  # fmt: skip


def test_what_needs_a_restart_waits_for_one(made: Made) -> None:
    assert made.configure(back_log=77)["restart_required"] is True
    assert made.show("back_log") != "77"
    assert made.configure(back_log=77, wait_timeout=99)["restart_required"] is True
    assert done(made.host, "restart")["restart_required"] is False
    assert (made.show("back_log"), made.show("wait_timeout")) == ("77", "99")
    assert made.configure()["restart_required"] is True
    assert done(made.host, "restart")["restart_required"] is False


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sql_mode", "BOGUS", "'BOGUS' to 'sql_mode'"),
        ("character_set_server", "klingon", "klingon"),
        ("innodb_buffer_pool_size", 1 << 40, "more than the instance's memory"),
        ("max_connections", 1, "adjusted to 10"),
        ("nosuch_parameter", "1", "unknown variable 'nosuch_parameter"),
    ],
)
def test_a_value_that_is_refused_leaves_all_as_it_was(made: Made, name: str, value: object, words: str) -> None:
    before = (made.host.root / "conf" / "my.cnf").read_bytes()
    assert words in made.refusal(**{"wait_timeout": 77, name: value})
    assert (made.host.root / "conf" / "my.cnf").read_bytes() == before
    assert made.show("wait_timeout") == "28800"
    assert list((made.host.root / "run").glob("trial-*")) == []


def test_a_restart_that_fails_goes_back_to_the_settings_before(made: Made) -> None:
    assert made.configure(innodb_data_file_path="nonsense")["restart_required"] is True
    state = do(made.host, "restart")
    assert state["state"] == "failed"
    assert "innodb_data_file_path" in state["error"]["message"]
    assert "it runs with the settings before" in state["error"]["message"]
    assert made.show("innodb_data_file_path") != "nonsense"
    assert made.configure()["restart_required"] is False


def test_administration_works_whatever_the_tenant_sets(made: Made) -> None:
    hostile = {
        "max_statement_time": 0.000001, "sql_mode": "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT",
        "lock_wait_timeout": 1, "completion_type": "RELEASE", "init_connect": "SIGNAL SQLSTATE '45000'",
        "general_log": True, "slow_query_log": True, "long_query_time": 0, "wait_timeout": 1, "interactive_timeout": 1,
        "tx_isolation": "SERIALIZABLE",
    }  # fmt: skip
    assert made.configure(**hostile)["restart_required"] is False
    bob = {"name": "bob", "password": "canary-of-bob", "databases": [SHOP["name"]]}
    done(made.host, "create", **arguments(made.host, databases=[SHOP], users=[ALICE, bob]))
    done(made.host, "restart")
    made.configure()
    assert made.query("SELECT 1") == ((1,),)
    for name in ("general", "slow_query"):
        text = (made.host.root / "log" / f"{name}.log").read_text(errors="replace")
        assert "CREATE USER" not in text
        assert b"canary-of-bob".hex() not in text


def test_logs_have_their_entries(made: Made) -> None:
    made.configure(general_log=True, slow_query_log=True, long_query_time=0)
    made.query("SELECT 'a',\n'multi-line statement'")
    measured = made.host.call("measure_logs", {"logs": [{"name": name} for name in ("general", "slow_query", "error")]})
    assert all(log["pending_bytes"] > 0 for log in measured["result"]["logs"])
    for name in ("general", "slow_query"):
        assert "multi-line statement" in (made.host.root / "log" / f"{name}.log").read_text()
    made.configure()


def test_killed_it_recovers_though_its_process_number_was_given_to_another(made: Made) -> None:
    before = made.query(ROWS)
    pid_file = made.host.root / "run/mysql.pid"
    os.kill(int(pid_file.read_text()), signal.SIGKILL)
    with subprocess.Popen(["sleep", "60"], cwd="/", **as_engine_user()) as other:
        pid_file.write_text(f"{other.pid}\n")
        environment = {"TROVE_HOST_FACTS": str(made.host.root / "facts.json"), "PATH": os.environ["PATH"]}
        subprocess.run([str(made.host.root / "boot" / "mariadb")], check=True, env=environment, **as_engine_user())
        other.kill()
    assert made.query(ROWS) == before
    assert done(made.host, "start")["restart_required"] is False


def test_each_link_of_a_chain_is_restored(made: Made, hosts: Hosts, sink: TempUrlSink) -> None:
    rows, results = {}, {}
    for number, name in enumerate(LINKS):
        if number:
            made.query(f"UPDATE numbers SET text = '{name}' WHERE n % 1000 = {number}")
            made.query(f"CREATE TABLE table_{name} AS SELECT 1 AS one")
        parent = LINKS[number - 1] if number else None
        state = back_up(made.host, sink, name, parent)
        assert state["state"] == "succeeded", state
        rows[name], results[name] = made.query(ROWS), state["result"]
    assert [results[name]["parent"] for name in LINKS] == [None, "full", "first"]
    assert max(results[name]["bytes_raw"] for name in LINKS[1:]) < results["full"]["bytes_raw"]
    made.query("DELETE FROM numbers WHERE n > 10")
    for links in (LINKS[:1], LINKS):
        other = Made(hosts.make("mariadb", made.host.version.name), made.authority)
        addresses = [sink.address("GET", name) for name in links]
        done(other.host, "restore", **arguments(other.host, download=addresses))
        assert other.query(ROWS) == rows[links[-1]]
        assert [table for (table,) in other.query("SHOW TABLES LIKE 'table%'")] == [
            f"table_{name}" for name in links[1:]
        ]
        assert sorted(path.name for path in (other.host.root / "data").iterdir()) == ["mariadb"]
    state = back_up(other.host, sink, "refused", "second")
    assert (state["state"], state["error"]["type"]) == ("failed", "parent_unusable")
    assert "of other data" in state["error"]["message"]
    assert f"{STORE}refused/segments.json" not in sink.objects


def back_up(host: HostDriver, sink: TempUrlSink, name: str, parent: str | None) -> dict[str, Any]:
    """The state of a backup's job."""
    base = parent and {"id": parent, "required": True, "download": sink.address("GET", parent)}
    return do(host, "backup", upload=sink.address("PUT", name), segment_bytes=1 << 20, parent=base)


def test_data_of_an_earlier_release_is_taken_over_by_the_next_start(made: Made) -> None:
    info = made.host.root / "data/mariadb/mysql_upgrade_info"
    now = info.read_text()
    before = made.query(ROWS)
    info.write_text("10.6.1-MariaDB")
    done(made.host, "restart")
    assert info.read_text().strip() == now.strip()
    assert made.query(ROWS) == before


def test_a_create_that_was_interrupted_is_finished_by_the_next(made: Made, hosts: Hosts) -> None:
    other = Made(hosts.make("mariadb", made.host.version.name), made.authority)
    wanted = arguments(other.host, databases=[SHOP], users=[ALICE])
    for phase in ("initialize", "start", "users"):
        _kill_in_phase(other.host, phase, wanted)
    done(other.host, "create", **wanted)
    assert other.query("SELECT 1") == ((1,),)
    other.host.destroy()


def _kill_in_phase(host: HostDriver, phase: str, wanted: dict[str, Any]) -> None:
    """Start a create and kill its supervisor as soon as it reaches a phase."""
    host.fence = next(_numbers)
    job = f"op{host.fence}-create"
    host.start(job, "create", wanted)
    progress, status = host.root / "jobs" / job / "progress.json", host.root / "jobs" / job / "status.json"
    while (now := json.loads(status.read_text()))["state"] == "running":
        if progress.exists() and phase in progress.read_text():
            os.kill(now["pid"], signal.SIGKILL)
            break
        time.sleep(0.005)
    host.finish(job)


def test_the_parameters_of_the_catalog_are_those_of_the_server(made: Made) -> None:
    path = Path(make_parameters.__file__).with_name(f"parameters-{made.host.version.number}.json")
    known = json.loads(path.read_text())
    rows = make_parameters.variables(administrator(made.host))
    assert known == make_parameters.parameters(rows), "run datastores.mariadb.make_parameters"


def administrator(host: HostDriver) -> list[str]:
    """The command of the service's own client, as the engine's user."""
    facts = json.loads((host.root / "facts.json").read_text())
    client = Path(facts["software"]["engines"], f"mariadb-{host.version.name}", "usr/bin/mariadb")
    identity = as_engine_user()
    drop = (
        ["setpriv", f"--reuid={identity['user']}", f"--regid={identity['group']}", "--clear-groups"] if identity else []
    )
    return [*drop, str(client), f"--defaults-file={host.root / 'conf/my.cnf'}"]


def test_no_secret_is_left_anywhere(made: Made) -> None:
    canary = PASSWORD.encode()
    for path in (path for path in made.host.root.rglob("*") if path.is_file() and not path.is_symlink()):
        assert canary not in path.read_bytes(), path
    for pid in made.host.processes():
        for name in ("cmdline", "environ"):
            assert canary not in Path(f"/proc/{pid}/{name}").read_bytes()
