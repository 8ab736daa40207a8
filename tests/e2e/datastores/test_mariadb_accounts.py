"""Databases, users of hosts, grants and root on a real MariaDB, by the calls that steps make."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import count
from typing import Any

import pymysql
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.datastores.conftest import Hosts
from tests.support.host_driver import HostDriver

_numbers = count(1)
EMPTY = {"databases": [], "users": [], "root_enabled": False}


@pytest.fixture(scope="module")
def host(hosts: Hosts) -> Iterator[HostDriver]:
    """A host with an empty instance."""
    made = hosts.make("mariadb")
    made.fence = next(_numbers)
    wanted = {"settings": made.version.settings_for(512, 2), "databases": [], "users": []}
    state = made.run(f"op{made.fence}-create", "create", wanted)
    assert state["state"] == "succeeded", state
    yield made


def once(on: HostDriver, action: str, /, **arguments: object) -> None:
    """A change as a step makes it."""
    on.fence = next(_numbers)
    reply = on.call(action, arguments, on.fence)
    assert reply["ok"], reply


def change(on: HostDriver, action: str, /, **arguments: object) -> None:
    """The same twice: the second time nothing is left to do."""
    for _ in range(2):
        once(on, action, **arguments)


def accounts(host: HostDriver) -> dict[str, Any]:
    """What the tenant has."""
    result: dict[str, Any] = host.call("accounts")["result"]
    return result


def connect(host: HostDriver, database: str | None, user: str, password: str) -> pymysql.Connection[Any]:
    """A session over the network, from 127.0.0.1."""
    secret = password.encode()  # of a text it would take Latin-1
    return pymysql.connect(host=host.address, port=3306, database=database, user=user, password=secret, autocommit=True)


def query(host: HostDriver, sql: str, database: str | None, user: str, password: str) -> Any:  # noqa: ANN401 - rows
    """Rows, as a tenant gets them over the network."""
    with closing(connect(host, database, user, password)) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall()


def create(host: HostDriver, database: str, user: str, password: str) -> None:
    change(host, "create_databases", databases=[{"name": database}])
    change(host, "create_users", users=[{"name": user, "password": password, "databases": [database]}])


def name(user: str, host: str = "%") -> dict[str, str]:
    return {"name": user, "host": host}


def test_a_user_from_its_creation_to_its_end(host: HostDriver) -> None:
    create(host, "my_shop", "alice", "first")
    change(host, "create_databases", databases=[{"name": "myXshop"}])
    assert accounts(host) == {
        "databases": ["myXshop", "my_shop"],
        "users": [{"name": "alice", "host": "%", "databases": ["my_shop"]}],
        "root_enabled": False,
    }
    with pytest.raises(pymysql.err.OperationalError, match="denied"):
        query(host, "SELECT 1", "myXshop", "alice", "first")
    change(host, "update_users", changes=[name("alice") | {"new_name": "bob", "password": "second"}])
    query(host, "CREATE TABLE kept AS SELECT 1 AS n", "my_shop", "bob", "second")
    change(host, "update_users", changes=[name("bob") | {"new_name": "carol", "new_host": "127.0.%"}])
    assert query(host, "SELECT n FROM kept", "my_shop", "carol", "second") == ((1,),)
    carol = name("carol", "127.0.%")
    change(host, "grant", **carol, databases=["myXshop", "my_shop"])
    query(host, "CREATE TABLE kept AS SELECT 2 AS n", "myXshop", "carol", "second")
    change(host, "revoke", **carol, databases=["myXshop"])
    with pytest.raises(pymysql.err.OperationalError, match="denied"):
        query(host, "SELECT 1", "myXshop", "carol", "second")
    change(host, "delete_user", **carol)
    with pytest.raises(pymysql.err.OperationalError, match="denied"):
        query(host, "SELECT 1", "my_shop", "carol", "second")
    change(host, "delete_database", name="my_shop")
    change(host, "delete_database", name="myXshop")
    assert accounts(host) == EMPTY


def test_users_of_one_name_are_told_apart_by_their_hosts(host: HostDriver) -> None:
    change(host, "create_databases", databases=[{"name": "shop"}])
    users = [("127.0.0.1", "near"), ("10.%", "far"), ("fe80::%", "six")]
    for where, password in users:
        wanted = {"name": "erin", "host": where, "password": password, "databases": ["shop"]}
        change(host, "create_users", users=[wanted])
    assert [user["host"] for user in accounts(host)["users"]] == ["10.%", "127.0.0.1", "fe80::%"]
    assert query(host, "SELECT CURRENT_USER()", "shop", "erin", "near") == (("erin@127.0.0.1",),)
    with pytest.raises(pymysql.err.OperationalError, match="denied"):
        connect(host, "shop", "erin", "far")
    change(host, "delete_user", **name("erin", "127.0.0.1"))
    assert [user["host"] for user in accounts(host)["users"]] == ["10.%", "fe80::%"]
    for where in ("10.%", "fe80::%"):
        change(host, "delete_user", **name("erin", where))
    change(host, "delete_database", name="shop")
    assert accounts(host) == EMPTY


def test_changes_end_the_sessions_they_concern(host: HostDriver) -> None:
    create(host, "busy", "dave", "p")
    change(host, "enable_root", password="r")
    with closing(connect(host, "busy", "dave", "p")) as session:
        change(host, "revoke", **name("dave"), databases=["busy"])
        with pytest.raises(pymysql.err.MySQLError):
            session.cursor().execute("SELECT 1")
    with closing(connect(host, None, "root", "r")) as session:
        change(host, "disable_root")
        with pytest.raises(pymysql.err.MySQLError):
            session.cursor().execute("SELECT 1")
    change(host, "grant", **name("dave"), databases=["busy"])
    with closing(connect(host, "busy", "dave", "p")):
        change(host, "delete_database", name="busy")
    change(host, "create_databases", databases=[{"name": "busy"}])
    assert accounts(host)["users"] == [{"name": "dave", "host": "%", "databases": []}]
    change(host, "delete_database", name="busy")
    change(host, "delete_user", **name("dave"))
    assert accounts(host) == EMPTY


def test_root_rules_the_databases_and_not_the_host(host: HostDriver) -> None:
    change(host, "enable_root", password="before")
    change(host, "enable_root", password="root's")
    assert accounts(host) == EMPTY | {"root_enabled": True}

    def as_root(sql: str) -> Any:  # noqa: ANN401 - rows
        return query(host, sql, None, "root", "root's")

    as_root("CREATE DATABASE roots")
    as_root("CREATE USER friend@'%' IDENTIFIED BY 'f'")
    as_root("GRANT SELECT ON roots.* TO friend@'%'")
    assert accounts(host)["users"] == [{"name": "friend", "host": "%", "databases": ["roots"]}]
    for refused in (
        "SET GLOBAL max_connections = 10",
        "SET GLOBAL general_log_file = '/tmp/x'",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "INSTALL SONAME 'auth_ed25519'",
        "SHUTDOWN",
        "GRANT SUPER ON *.* TO friend@'%'",
    ):
        with pytest.raises(pymysql.err.MySQLError, match=r"denied|cannot open shared object"):
            as_root(refused)
    assert as_root("SELECT LOAD_FILE('/etc/passwd')") == ((None,),)
    change(host, "delete_user", **name("friend"))
    change(host, "delete_database", name="roots")
    change(host, "disable_root")
    assert accounts(host) == EMPTY


def test_what_a_late_or_wrong_change_is_told(host: HostDriver) -> None:
    host.fence = next(_numbers)
    assert host.call("create_databases", {"databases": []}, host.fence)["ok"]
    user = {"name": "u", "password": "p"}
    for action, arguments, kind, words in (
        ("delete_database", {"name": "mysql"}, "bad_request", "reserved"),
        ("delete_user", name("mariadb.sys"), "bad_request", "reserved"),
        ("delete_user", name("root"), "bad_request", "reserved"),
        ("update_users", {"changes": [name("nobody") | {"password": "p"}]}, "bad_request", "there is no user"),
        ("create_users", {"users": [user | {"host": "localhost"}]}, "bad_request", "pattern of addresses"),
        ("create_users", {"users": [user | {"host": "app.example.com"}]}, "bad_request", "pattern of addresses"),
        ("create_users", {"users": [user | {"name": "u\U0001f600"}]}, "bad_request", "U+FFFF"),
        ("create_users", {"users": [user | {"databases": ["none"]}]}, "bad_request", "there is no database"),
        ("create_databases", {"databases": [{"name": "d "}]}, "bad_request", "space at its ends"),
        ("create_databases", {"databases": [{"name": "d", "collate": "xx_XX"}]}, "engine_error", "xx_XX"),
        ("create_databases", {"databases": [{"name": "d", "character_set": "klingon"}]}, "engine_error", "klingon"),
    ):
        error = host.call(action, arguments, host.fence)["error"]
        assert (error["type"], words in error["message"]) == (kind, True), error
    once(host, "delete_user", **name("u"))
    assert accounts(host) == EMPTY


NAMES = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), max_codepoint=0xFFFF), min_size=1, max_size=15
).map(lambda text: f"x{text}x")  # fmt: skip
PASSWORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40)
NASTY = [
    "a\"b'c", "x;--", "`", "``.`", "%_\\", "\\", "\\'", "u@h", "'@'%", "{user}", "ü\u202e\u00a0ß", "a.b/c", "*/", "# x",
    "x'; DROP DATABASE mysql; --", "'||(SELECT 1)||'", "\\! id", "%s%n", "${x}`x`", "delimiter //",
]  # fmt: skip


@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(names=st.lists(NAMES, min_size=3, max_size=3, unique=True), password=PASSWORDS)
def test_any_name_and_password_is_only_that(host: HostDriver, names: list[str], password: str) -> None:
    _live(host, names, password)


@pytest.mark.parametrize("nasty", NASTY)
def test_nasty_names_and_passwords(host: HostDriver, nasty: str) -> None:
    _live(host, [f"d{nasty}", f"u{nasty}", f"v{nasty}"], f"{nasty}\n")


def _live(host: HostDriver, names: list[str], password: str) -> None:
    """A whole life under these names: nothing but what was asked for exists in between, and nothing at the end."""
    database, user, renamed = names
    once(host, "create_databases", databases=[{"name": database}])
    once(host, "create_users", users=[{"name": user, "password": "before"}])
    once(host, "grant", **name(user), databases=[database])
    once(host, "update_users", changes=[name(user) | {"new_name": renamed, "password": password}])
    assert accounts(host) == {
        "databases": [database],
        "users": [{"name": renamed, "host": "%", "databases": [database]}],
        "root_enabled": False,
    }
    found = query(host, "SELECT DATABASE(), CURRENT_USER()", database, renamed, password)
    assert found == ((database, f"{renamed}@%"),)
    query(host, "CREATE TABLE mine (n int)", database, renamed, password)
    once(host, "revoke", **name(renamed), databases=[database])
    once(host, "delete_user", **name(renamed))
    once(host, "delete_database", name=database)
    assert accounts(host) == EMPTY
