"""Databases, users, grants and root on a real PostgreSQL, by the calls that steps make."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import count
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastores.catalog import catalog
from tests.e2e.datastores.conftest import Hosts
from tests.support.host_driver import HostDriver

_numbers = count(1)
EMPTY = {"databases": [], "users": [], "root_enabled": False}


@pytest.fixture(scope="module")
def host(hosts: Hosts) -> Iterator[HostDriver]:
    """A host with an empty instance."""
    made = hosts.make("postgresql")
    defaults = catalog().version("postgresql", None).settings_for(512, 2)
    made.fence = next(_numbers)
    state = made.run(f"op{made.fence}-create", "create", {"settings": defaults, "databases": [], "users": []})
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


def connect(host: HostDriver, database: str, user: str, password: str) -> psycopg2.extensions.connection:
    """A session over the network."""
    return psycopg2.connect(host=host.address, port=5432, dbname=database, user=user, password=password)


def query(host: HostDriver, sql: str, database: str, user: str, password: str) -> Any:  # noqa: ANN401 - rows
    """Rows, as a tenant gets them over the network."""
    with closing(connect(host, database, user, password)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


def create(host: HostDriver, database: str, user: str, password: str) -> None:
    change(host, "create_databases", databases=[{"name": database}])
    change(host, "create_users", users=[{"name": user, "password": password, "databases": [database]}])


def name(user: str) -> dict[str, str]:
    return {"name": user, "host": "%"}


def test_a_user_from_its_creation_to_its_end(host: HostDriver) -> None:
    create(host, "shop", "alice", "first")
    change(host, "create_databases", databases=[{"name": "attic"}])
    assert accounts(host) == {
        "databases": ["attic", "shop"],
        "users": [{"name": "alice", "host": "%", "databases": ["shop"]}],
        "root_enabled": False,
    }
    change(host, "update_users", changes=[name("alice") | {"new_name": "bob", "password": "second"}])
    query(host, "CREATE TABLE kept AS SELECT 1 AS n", "shop", "bob", "second")
    change(host, "update_users", changes=[name("bob") | {"new_name": "carol"}])
    assert query(host, "SELECT n FROM kept", "shop", "carol", "second") == [(1,)]
    change(host, "grant", **name("carol"), databases=["attic", "shop"])
    query(host, "CREATE TABLE kept AS SELECT 2 AS n", "attic", "carol", "second")
    change(host, "revoke", **name("carol"), databases=["attic"])
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        query(host, "SELECT 1", "attic", "carol", "second")
    change(host, "delete_user", **name("carol"))
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        query(host, "SELECT 1", "shop", "carol", "second")
    change(host, "enable_root", password="root's")
    assert query(host, "SELECT n FROM kept", "shop", "root", "root's") == [(1,)]
    assert query(host, "SELECT n FROM kept", "attic", "root", "root's") == [(2,)]
    change(host, "disable_root")
    change(host, "delete_database", name="shop")
    change(host, "delete_database", name="attic")
    assert accounts(host) == EMPTY


def test_changes_end_the_sessions_they_concern(host: HostDriver) -> None:
    create(host, "busy", "dave", "p")
    change(host, "enable_root", password="r")
    for user, password, action, arguments in (
        ("dave", "p", "revoke", name("dave") | {"databases": ["busy"]}),
        ("root", "r", "disable_root", {}),
    ):
        with closing(connect(host, "busy", user, password)) as session:
            change(host, action, **arguments)
            with pytest.raises(psycopg2.OperationalError):
                session.cursor().execute("SELECT 1")
    change(host, "grant", **name("dave"), databases=["busy"])
    with closing(connect(host, "busy", "dave", "p")):
        change(host, "delete_database", name="busy")
    change(host, "delete_user", **name("dave"))
    assert accounts(host) == EMPTY


TRAPS = """
CREATE FUNCTION format(text, text) RETURNS text LANGUAGE sql AS $$ SELECT 'ALTER ROLE mallory SUPERUSER' $$;
CREATE FUNCTION format(text, text, text) RETURNS text LANGUAGE sql AS $$ SELECT 'ALTER ROLE mallory SUPERUSER' $$;
CREATE FUNCTION public.steal() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT current_user::text $$;
"""


def test_a_user_gains_no_rights_by_what_it_leaves_in_a_database(host: HostDriver) -> None:
    create(host, "trap", "mallory", "m")
    query(host, TRAPS, "trap", "mallory", "m")
    create(host, "trap", "eve", "e")
    change(host, "revoke", **name("eve"), databases=["trap"])
    change(host, "grant", **name("eve"), databases=["trap"])
    assert query(host, "SHOW is_superuser", "trap", "mallory", "m") == [("off",)]
    change(host, "delete_user", **name("mallory"))
    assert query(host, "SELECT public.steal(), rolsuper, rolcanlogin FROM pg_roles WHERE rolname = public.steal()",
                 "trap", "eve", "e") == [("os_admin", False, False)]  # fmt: skip
    change(host, "delete_user", **name("eve"))
    change(host, "delete_database", name="trap")


def test_what_a_late_or_wrong_change_is_told(host: HostDriver) -> None:
    host.fence = next(_numbers)
    assert host.call("create_databases", {"databases": []}, host.fence)["ok"]
    for action, arguments, fence, kind in (
        ("create_databases", {"databases": [{"name": "late"}]}, host.fence - 1, "fenced"),
        ("create_databases", {"databases": [{"name": "late"}]}, None, "bad_request"),
        ("drop_everything", {}, host.fence, "bad_request"),
        ("delete_database", {"name": "template1"}, host.fence, "bad_request"),
        ("delete_user", name("os_admin"), host.fence, "bad_request"),
        ("delete_user", name("root"), host.fence, "bad_request"),
        ("update_users", {"changes": [name("nobody") | {"password": "p"}]}, host.fence, "bad_request"),
        ("create_users", {"users": [{"name": "u", "password": "p", "host": "10.0.0.1"}]}, host.fence, "bad_request"),
        ("create_users", {"users": [{"name": "u"}]}, host.fence, "bad_request"),
        ("create_databases", {"databases": [{"name": "d", "collate": "xx_XX"}]}, host.fence, "engine_error"),
    ):
        assert host.call(action, arguments, fence)["error"]["type"] == kind, action
    assert accounts(host) == EMPTY


def test_a_database_that_does_not_run_is_told(host: HostDriver) -> None:
    for action in ("stop", "start"):
        host.fence = next(_numbers)
        assert host.run(f"op{host.fence}-{action}", action, {})["state"] == "succeeded"
        reply = host.call("accounts")
        assert (reply["ok"], (reply["error"] or {}).get("type")) == (
            (True, None) if action == "start" else (False, "not_running")
        )


NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=15).map(lambda text: f"x{text}")
PASSWORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40)
NASTY = [
    "a\"b'c", "x;--", "$$", "%I", "\\gexec", ":x", "a=b host=c", "postgresql://u@h/d", "ü\u202e\u00a0ß", "u@h", "u@%",
    "a.b.%2e", "x\\'; DROP ROLE postgres; --", "'||(SELECT 1)||'", "\\n\\0", "%s%n", "${x}`x`",
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
    found = query(host, "SELECT current_database(), current_user", database, renamed, password)
    assert found == [(database, renamed)]
    query(host, "CREATE TABLE mine (n int)", database, renamed, password)
    once(host, "revoke", **name(renamed), databases=[database])
    once(host, "delete_user", **name(renamed))
    once(host, "delete_database", name=database)
    assert accounts(host) == EMPTY
