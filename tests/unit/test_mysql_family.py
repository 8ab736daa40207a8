"""The MySQL family as statements, files and commands: what MySQL and Percona Server get, which no test runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from datastores.catalog import catalog
from datastores.host.engine import load
from datastores.host.errors import BadRequest, ParentUnusable
from datastores.host.facts import Facts
from datastores.host.names import DATABASE, USER
from datastores.host.roles.backups import Backups
from datastores.host.roles.logs import Logs
from datastores.mariadb.engine.product import verifier
from datastores.mysql.engine import config
from datastores.mysql.engine.backups import parents_end
from datastores.mysql.engine.node import Node, refusals
from datastores.mysql.engine.product import PRODUCT
from datastores.mysql.engine.server import last_words
from datastores.mysql.engine.sql import Statement, from_pattern, is_text, pattern, text

FAMILY = [("mysql", "8.4"), ("mysql", "8.0"), ("percona", "8.0"), ("mariadb", "11.4")]


def node(tmp_path: Path, datastore: str, version: str, *, tls: bool = False) -> Node:
    """A server of a Nova host whose directories are here."""
    facts = Facts("host-1", "nova", tmp_path, "10.0.0.5", "mysql", "python3", {}, 2048, 2, 10)
    facts.conf.mkdir()
    facts.run.mkdir()
    if tls:
        facts.certificate.touch()
        facts.private_key.touch()
    folder = Path(config.__file__).parents[2] / datastore
    made = load(datastore, version, facts, yaml.safe_load((folder / "datastore.yaml").read_text())).node
    assert isinstance(made, Node)
    return made


def options(made: Node, **settings: object) -> dict[str, str]:
    """The server's options, the last of a name being in force."""
    server, _, _client = config.option_file(made, settings).partition("[client]")
    pairs = (line.partition(" = ") for line in server.splitlines()[1:])
    return {name: value.strip('"') for name, _, value in pairs}


def test_a_password_is_what_the_manual_says() -> None:
    assert verifier("mypass") == "*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4"  # PASSWORD('mypass') in the manual


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_is_part_of_a_statement(name: str, password: str) -> None:
    script = Statement("CREATE USER {user}@'%' IDENTIFIED BY {password}", {"user": name, "password": password}).script()
    template = "SET @s = CONCAT(CONVERT(0x435245415445205553455220 USING utf8mb4), QUOTE({}), CONVERT(0x402725272049444"
    assert script.startswith(template.format(text(name)))
    assert script.isascii()
    assert script.count("\n") == 1
    assert set(text(name)) <= set("CONVERT(0x USING utf8mb4)'0123456789abcdef")


@given(st.text(min_size=1))
def test_a_grants_pattern_stands_for_its_database_alone(name: str) -> None:
    assert from_pattern(pattern(name)) == name
    assert pattern("my_db%\\") == "my\\_db\\%\\\\"


def test_a_condition_compares_bytes() -> None:
    assert is_text("User", "aé") == "HEX(User) = '61C3A9'"


@pytest.mark.parametrize(("datastore", "version"), FAMILY)
def test_what_the_service_owns_stands_last(tmp_path: Path, datastore: str, version: str) -> None:
    made = node(tmp_path, datastore, version, tls=True)
    told = options(made, local_infile=True, port=1, max_connections=99, time_zone="+01:00", init_connect='a "b" \\ #')
    assert (told["local_infile"], told["port"], told["max_connections"]) == ("OFF", "3306", "99")
    assert (told["default_time_zone"], told["init_connect"]) == ("+01:00", 'a \\"b\\" \\\\ #')
    assert (told["require_secure_transport"], told["tls_version"]) == ("ON", "TLSv1.2,TLSv1.3")
    assert told["datadir"] == str(tmp_path / "data" / datastore)
    assert (told["sync_binlog"], told["innodb_flush_log_at_trx_commit"], told["log_bin"]) == ("1", "1", "binlog")


def test_without_a_certificate_there_is_no_tls(tmp_path: Path) -> None:
    assert "ssl_cert" not in options(node(tmp_path, "mysql", "8.4"))


@pytest.mark.parametrize("name", ["no such", "a\nb", "[client]", "A"])
def test_only_a_name_is_a_settings_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest, match="is not the name"):
        options(node(tmp_path, "mysql", "8.4"), **{name: 1})


def test_a_value_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="one line"):
        options(node(tmp_path, "mysql", "8.4"), init_connect="a\n[client]")


@pytest.mark.parametrize(
    ("datastore", "version", "identity", "plugin"),
    [("mysql", "8.4", "WITH auth_socket", "auth_socket.so"), ("mariadb", "11.4", "VIA unix_socket", None)],
)
def test_the_administrator_is_known_by_its_os_user(
    tmp_path: Path, datastore: str, version: str, identity: str, plugin: str | None
) -> None:
    made = node(tmp_path, datastore, version)
    lines = config.init_file(made).splitlines()
    assert lines[:2] == [
        "SET SESSION sql_log_bin = 0;",
        f"CREATE USER IF NOT EXISTS 'mysql'@'localhost' IDENTIFIED {identity};",
    ]
    assert "DROP USER IF EXISTS 'root'@'localhost';" in lines
    assert options(made).get("plugin_load_add") == plugin


@pytest.mark.parametrize("datastore", ["mysql", "percona"])
def test_mysql_is_made_tried_and_talked_to_in_its_way(tmp_path: Path, datastore: str) -> None:
    made = node(tmp_path, datastore, "8.0")
    product = made.product
    making = tmp_path / "data" / f"{datastore}.tmp"
    assert product.make_data(made, made.staging) == [
        Path("/usr/sbin/mysqld"), "--no-defaults", "--initialize-insecure", "--basedir=/usr", f"--datadir={making}",
    ]  # fmt: skip
    assert product.trial(made, Path("/t/my.cnf"))[1:] == [
        "--defaults-file=/t/my.cnf", "--log-error=stderr", "--validate-config",
    ]  # fmt: skip
    assert product.identify("p").template == "IDENTIFIED WITH caching_sha2_password BY {password}"
    assert (product.backup_format, Backups.of(made.engine).format, product.reload_tls) == (
        "xbstream", "xbstream", "ALTER INSTANCE RELOAD TLS",
    )  # fmt: skip
    assert (product.prepare_options(is_last=False), product.prepare_options(is_last=True)) == (["--apply-log-only"], [])
    assert options(made)["persisted_globals_load"] == "OFF"


@pytest.mark.parametrize(("datastore", "version"), FAMILY)
def test_root_reaches_neither_files_nor_the_service(tmp_path: Path, datastore: str, version: str) -> None:
    privileges = set(node(tmp_path, datastore, version).product.root_privileges)
    assert {"SELECT", "CREATE USER", "PROCESS"} <= privileges
    assert not privileges & {"ALL", "FILE", "SUPER", "SHUTDOWN", "SYSTEM_USER", "SET USER", "SET_USER_ID"}


@pytest.mark.parametrize(
    ("log", "line", "begins"),
    [
        ("general", b"261122 15:41:29\t     4 Query\tSELECT 1\n", True),
        ("general", b"\t\t     4 Quit\t\n", True),
        ("general", b"2026-11-22T15:41:29.123456Z\t    8 Connect\talice@%\n", True),
        ("general", b"FROM numbers\n", None),
        ("slow_query", b"# Time: 261122 15:41:29\n", True),
        ("slow_query", b"# Query_time: 0.000185  Lock_time: 0.000108\n", None),
        ("error", b"2026-11-22 15:41:29 0 [Note] InnoDB: 128 rollback segments are active.\n", True),
        ("error", b"2026-11-22T15:41:29.000000Z 0 [System] [MY-010931] ready\n", True),
        ("error", b"Version: '10.11.19-MariaDB'\n", None),
    ],
)
def test_entries_of_logs_begin(tmp_path: Path, log: str, line: bytes, begins: bool | None) -> None:
    assert Logs.of(node(tmp_path, "mysql", "8.4").engine).logs()[log].begins(line) is begins


@pytest.mark.parametrize(
    ("kind", "name", "wrong"),
    [
        (USER, "u" * 32, None),
        (USER, "u" * 33, "1 to 32 bytes"),
        (DATABASE, "d" * 64, None),
        (DATABASE, "d ", "space at its ends"),
        (DATABASE, "d\U0001f600", "U+FFFF"),
        (DATABASE, "MySQL", "reserved"),
        (USER, "mysql.sys", "reserved"),
    ],
)
def test_names(kind: str, name: str, wrong: str | None) -> None:
    problem = catalog().find("mysql").names.problem(kind, name)
    assert (problem is None) if wrong is None else wrong in str(problem)


@pytest.mark.parametrize("host", ["%", "10.0.%", "192.168.1.0/255.255.255.0", "fe80::%", "10.0.0._"])
def test_hosts_are_addresses(host: str) -> None:
    assert catalog().find("mysql").names.host_problem(host) is None
    for wrong in ("localhost", f"{host};", "app.example.com", "'"):
        assert "pattern of addresses" in str(catalog().find("mysql").names.host_problem(wrong))


def test_percona_takes_the_parameters_of_mysql() -> None:
    assert catalog().version("percona", "8.0").parameters() == catalog().version("mysql", "8.0").parameters()


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("InnoDB: preallocating 100663296 bytes for file ./ib_logfile101 failed with error 28", "disk_full"),
        ("Could not set the file size of './ibtmp1'. Probably out of disk space", "disk_full"),
        ("Errcode: 280 of something else", "engine_error"),
    ],
)
def test_a_full_volume_is_told_from_other_failures(words: str, kind: str) -> None:
    assert last_words(PRODUCT).error("does not start", words).type == kind


@pytest.mark.parametrize(
    ("said", "number", "words"),
    [
        ("ERROR 1040 (HY000): Too many connections", 1040, "Too many connections"),
        ("ERROR 1064 (42000) at line 2: You have an error", 1064, "You have an error"),
        (
            "ERROR 2013 (HY000): Received error packet before completion of TLS handshake. The authenticity of the"
            " following error cannot be verified: 1040 - Too many connections",
            1040,
            "Too many connections",
        ),
    ],
)
def test_a_refusal_is_read_also_where_the_client_wraps_it(said: str, number: int, words: str) -> None:
    [found] = refusals(said)
    assert (found.number, found.words) == (number, words)


def test_a_parents_state_that_is_none_is_told(tmp_path: Path) -> None:
    made = node(tmp_path, "mysql", "8.4")
    made.data.mkdir(parents=True)
    (made.data / "trove.identity").write_text("this")
    parent = tmp_path / "parent"
    states: list[Any] = [{"identity": "other", "end": "1"}, {"end": "1"}, [], {"identity": "this", "end": "; x"}]
    for state in states:
        parent.write_text(json.dumps(state))
        with pytest.raises(ParentUnusable, match="full"):
            parents_end(made, parent)
    parent.write_text(json.dumps({"identity": "this", "end": "4711"}))
    assert parents_end(made, parent) == "4711"
