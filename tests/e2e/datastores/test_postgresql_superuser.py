"""What a tenant's superuser can do to a PostgreSQL: never lock the service out, never make backups unrestorable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import count
from typing import Any

import psycopg2
import pytest

from datastores.catalog import catalog
from tests.e2e.datastores.conftest import Hosts
from tests.support.host_driver import HostDriver
from tests.support.tempurl_sink import TempUrlSink

_numbers = count(1)
PASSWORD = "root's own"
VERSIONS = ("15", "18")


def do(host: HostDriver, action: str, /, **arguments: object) -> dict[str, Any]:
    """A job's end."""
    host.fence = next(_numbers)
    return host.run(f"op{host.fence}-{action}", action, dict(arguments))


def settings(**more: object) -> dict[str, Any]:
    """The arguments of a small flavor's settings, with those of a configuration group."""
    return {"settings": catalog().version("postgresql", None).settings_for(512, 2) | more}


def done(host: HostDriver, action: str, /, **arguments: object) -> dict[str, Any]:
    """A job that succeeds."""
    state = do(host, action, **arguments)
    assert state["state"] == "succeeded", state
    return state


def change(host: HostDriver, action: str, /, **arguments: object) -> dict[str, Any]:
    """A change as a step makes it; its reply."""
    host.fence = next(_numbers)
    return host.call(action, dict(arguments), host.fence)


def make(hosts: Hosts, version: str) -> HostDriver:
    """A new instance with root enabled."""
    made = hosts.make("postgresql", version)
    done(made, "create", **settings(), databases=[{"name": "shop"}], users=[])
    assert change(made, "enable_root", password=PASSWORD)["ok"]
    return made


@pytest.fixture(scope="module", params=VERSIONS)
def host(request: pytest.FixtureRequest, hosts: Hosts) -> Iterator[HostDriver]:
    """An instance with root enabled and a database."""
    yield make(hosts, request.param)


def connect(host: HostDriver, database: str = "shop", user: str = "root") -> psycopg2.extensions.connection:
    """A session of a user's over the network, each statement by itself."""
    made = psycopg2.connect(host=host.address, port=5432, dbname=database, user=user, password=PASSWORD)
    made.autocommit = True
    return made


def root(host: HostDriver, *statements: str, database: str = "shop") -> list[tuple[Any, ...]]:
    """What root gets for the last statement."""
    with closing(connect(host, database)) as connection:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def serves_its_tenant(host: HostDriver) -> None:
    """The service lists, changes and restarts, as if nothing had happened."""
    name = f"user{next(_numbers)}"
    reply = host.call("accounts")
    assert reply["ok"], reply
    reply = change(host, "create_users", users=[{"name": name, "password": "p", "databases": ["shop"]}])
    assert reply["ok"], reply
    assert name in {user["name"] for user in host.call("accounts")["result"]["users"]}
    reply = change(host, "delete_user", name=name, host="%")
    assert reply["ok"], reply


LOCK_OUTS = {
    "the database postgres dropped": ["DROP DATABASE postgres"],
    "the service's database dropped": ["DROP DATABASE pg_trove WITH (FORCE)"],
    "both dropped": ["DROP DATABASE IF EXISTS postgres", "DROP DATABASE pg_trove WITH (FORCE)"],
    "the service's database closed": ["ALTER DATABASE pg_trove ALLOW_CONNECTIONS false"],
    "the service's role renamed": ["ALTER ROLE postgres RENAME TO mine"],
    "the service's role renamed, another in its place": ["ALTER ROLE postgres RENAME TO mine", "CREATE ROLE postgres"],
    "the service's role disabled": ["ALTER ROLE postgres NOLOGIN"],
    "limits of the service's role": ["ALTER ROLE postgres CONNECTION LIMIT 0 VALID UNTIL '2000-01-01'"],
    "settings of the service's role": [
        "ALTER ROLE postgres SET statement_timeout = 1",
        "ALTER ROLE postgres SET role = 'pg_monitor'",
        "ALTER ROLE postgres SET default_transaction_read_only = on",
        "ALTER ROLE postgres SET session_preload_libraries = 'no_such_library'",
    ],
    "settings of all": [
        "ALTER ROLE ALL SET default_transaction_read_only = on",
        "ALTER ROLE ALL SET search_path = public",
        "ALTER DATABASE pg_trove SET default_transaction_isolation = 'serializable'",
        "ALTER DATABASE pg_trove SET lock_timeout = 1",
    ],
}


@pytest.mark.parametrize("what", LOCK_OUTS)
def test_the_service_gets_in_again(host: HostDriver, what: str) -> None:
    root(host, "SET default_transaction_read_only = off", *LOCK_OUTS[what])
    serves_its_tenant(host)
    done(host, "restart")
    serves_its_tenant(host)
    root(host, "SET default_transaction_read_only = off", "ALTER ROLE ALL RESET ALL")


def test_every_way_barred_is_opened_at_the_next_start(host: HostDriver) -> None:
    root(
        host,
        "UPDATE pg_database SET datallowconn = false WHERE datname <> 'shop'",
        "ALTER ROLE postgres NOLOGIN",
        "ALTER ROLE root NOLOGIN",
    )
    assert not host.call("accounts")["ok"]
    done(host, "restart")
    assert change(host, "enable_root", password=PASSWORD)["ok"]
    serves_its_tenant(host)


def test_files_of_settings_are_written_anew_when_nobody_gets_in(host: HostDriver) -> None:
    conf = host.root / "conf"
    damage = f"rm -f {conf}/host.conf {conf}/pg_ident.conf; : >{conf}/pg_hba.conf; : >postgresql.conf"
    root(host, f"COPY (SELECT 1) TO PROGRAM '{damage}'", "SELECT pg_reload_conf()")
    done(host, "restart", **settings(), allowed_cidrs=[])
    serves_its_tenant(host)
    assert root(host, "SHOW shared_buffers") == [("128MB",)]


def test_all_connections_taken_by_root_leave_room_for_the_service(host: HostDriver, sink: TempUrlSink) -> None:
    taken = []
    try:
        while True:
            taken.append(connect(host))
    except psycopg2.OperationalError as error:
        assert "too many clients" in str(error)
    assert host.call("status")["result"]["running"]
    serves_its_tenant(host)
    done(host, "backup", upload=sink.address("PUT", "full"), segment_bytes=2**20)
    for connection in taken:
        connection.close()


def test_all_slots_taken_by_root_do_not_fail_a_backup(host: HostDriver, sink: TempUrlSink) -> None:
    root(host, "SELECT pg_create_physical_replication_slot('s' || n, true) FROM generate_series(1, 10) AS n")
    done(host, "backup", upload=sink.address("PUT", "slots"), segment_bytes=2**20)
    root(host, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")


def test_what_alter_system_says_does_not_stay(host: HostDriver) -> None:
    try:
        root(host, "ALTER SYSTEM SET work_mem = '7MB'")
    except psycopg2.errors.FeatureNotSupported:
        assert host.version.name == "18"
    (auto_conf,) = host.root.glob("data/postgresql/postgresql.auto.conf")
    auto_conf.write_text("max_connections = 'no number'\nwork_mem = '7MB'\n")
    done(host, "restart")
    assert root(host, "SHOW work_mem") != [("7MB",)]
    auto_conf.write_text("work_mem = '9MB'\n")
    assert change(host, "reconfigure", **settings(work_mem="5MB"))["ok"]
    assert root(host, "SHOW work_mem") == [("5MB",)]


def test_a_tablespace_fails_a_backup_in_words(host: HostDriver, sink: TempUrlSink) -> None:
    root(host, "SET allow_in_place_tablespaces = on", "CREATE TABLESPACE mine LOCATION ''")
    state = do(host, "backup", upload=sink.address("PUT", "space"), segment_bytes=2**20)
    assert state["state"] == "failed"
    assert "tablespace 'mine' cannot be backed up" in state["error"]["message"]
    root(host, "DROP TABLESPACE mine")


def test_a_setting_that_fails_at_start_leaves_the_database_serving(host: HostDriver) -> None:
    bad = settings(min_wal_size=2)
    assert change(host, "reconfigure", **bad)["ok"]
    state = do(host, "restart")
    assert state["error"]["type"] == "settings_refused", state
    assert "min_wal_size" in state["error"]["message"]
    serves_its_tenant(host)
    done(host, "stop")
    assert change(host, "reconfigure", **bad)["ok"]
    assert do(host, "start")["error"]["type"] == "settings_refused"
    serves_its_tenant(host)
    assert change(host, "reconfigure", **settings())["ok"]


def test_a_user_that_cannot_be_deleted_stays_whole(host: HostDriver) -> None:
    user = {"name": "owner", "password": PASSWORD, "databases": ["shop"]}
    assert change(host, "create_users", users=[user])["ok"]
    with closing(connect(host, "shop", "owner")) as own:
        own.cursor().execute("CREATE TABLE held (n int)")
    holding = psycopg2.connect(host=host.address, port=5432, dbname="shop", user="root", password=PASSWORD)
    with closing(holding):
        holding.cursor().execute("LOCK TABLE held IN ACCESS EXCLUSIVE MODE")
        reply = change(host, "delete_user", name="owner", host="%")
        assert "lock timeout" in reply["error"]["message"]
        (shown,) = (user for user in host.call("accounts")["result"]["users"] if user["name"] == "owner")
        assert shown["databases"] == ["shop"]
        connect(host, "shop", "owner").close()
        assert root(host, "SELECT tableowner FROM pg_tables WHERE tablename = 'held'") == [("owner",)]
    assert change(host, "delete_user", name="owner", host="%")["ok"]
    assert root(host, "SELECT tableowner FROM pg_tables WHERE tablename = 'held'") == [("os_admin",)]


def test_a_role_of_roots_is_not_made_a_user(host: HostDriver) -> None:
    root(host, "CREATE ROLE staff NOLOGIN")
    reply = change(host, "create_users", users=[{"name": "staff", "password": "p"}])
    assert "'staff' is a role that cannot log in" in reply["error"]["message"]
    assert root(host, "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'staff'") == [(False,)]


def test_templates_and_closed_databases_are_the_tenants_still(host: HostDriver) -> None:
    assert change(host, "create_databases", databases=[{"name": "model"}])["ok"]
    user = {"name": "maker", "password": PASSWORD, "databases": ["model"]}
    assert change(host, "create_users", users=[user])["ok"]
    with closing(connect(host, "model", "maker")) as own:
        own.cursor().execute("CREATE TABLE mine (n int)")
    root(host, "ALTER DATABASE model IS_TEMPLATE true ALLOW_CONNECTIONS false")
    assert "model" in host.call("accounts")["result"]["databases"]
    assert change(host, "revoke", name="maker", host="%", databases=["model"])["ok"]
    assert change(host, "delete_user", name="maker", host="%")["ok"]
    assert root(host, "SELECT datallowconn FROM pg_database WHERE datname = 'model'") == [(False,)]
    assert change(host, "delete_database", name="model")["ok"]
    assert "model" not in host.call("accounts")["result"]["databases"]


def test_names_of_users_hold_in_databases_of_other_encodings(host: HostDriver) -> None:
    assert change(host, "create_databases", databases=[{"name": "latin", "character_set": "LATIN1"}])["ok"]
    user = {"name": "zoë", "password": PASSWORD, "databases": ["latin"]}
    assert change(host, "create_users", users=[user])["ok"]
    with closing(connect(host, "latin", "zoë")) as own:
        own.cursor().execute("CREATE TABLE mine (n int)")
    assert change(host, "revoke", name="zoë", host="%", databases=["latin"])["ok"]
    assert change(host, "grant", name="zoë", host="%", databases=["latin"])["ok"]
    assert change(host, "delete_user", name="zoë", host="%")["ok"]
    assert change(host, "delete_database", name="latin")["ok"]


def test_hundreds_of_users_are_made_in_one_call(host: HostDriver) -> None:
    users = [{"name": f"many{n}", "password": "p", "databases": ["shop"]} for n in range(300)]
    assert change(host, "create_users", users=users)["ok"]
    found = {user["name"] for user in host.call("accounts")["result"]["users"] if user["databases"] == ["shop"]}
    assert {user["name"] for user in users} <= found


def test_what_a_cluster_may_hold_is_restored(hosts: Hosts, host: HostDriver, sink: TempUrlSink) -> None:
    source = make(hosts, host.version.name)
    assert change(source, "reconfigure", **settings(max_prepared_transactions=5))["ok"]
    done(source, "restart")
    root(source, "CREATE DATABASE broken", "CREATE DATABASE closed")
    with closing(connect(source)) as connection:
        cursor = connection.cursor()
        for statement in (
            "CREATE TABLE kept AS SELECT 1 AS n",
            "UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'broken'",
            "ALTER DATABASE closed ALLOW_CONNECTIONS false",
            "BEGIN",
            "INSERT INTO kept VALUES (2)",
            "PREPARE TRANSACTION 'held'",
        ):
            cursor.execute(statement)
    done(source, "backup", upload=sink.address("PUT", "held"), segment_bytes=2**20)
    other = hosts.make("postgresql", host.version.name)
    done(other, "restore", download=[sink.address("GET", "held")], **settings(), databases=[], users=[])
    assert root(other, "COMMIT PREPARED 'held'", "SELECT count(*) FROM kept") == [(2,)]
    done(other, "restart")
    assert root(other, "SHOW max_prepared_transactions") == [("0",)]


def test_prepared_transactions_survive_their_groups_end_and_refuse_what_cannot_take_them(hosts: Hosts) -> None:
    source = make(hosts, "15")
    assert change(source, "reconfigure", **settings(max_prepared_transactions=5))["ok"]
    done(source, "restart")
    with closing(connect(source)) as connection:
        cursor = connection.cursor()
        for statement in (
            "CREATE TABLE kept (n int)",
            "BEGIN",
            "INSERT INTO kept VALUES (1)",
            "PREPARE TRANSACTION 'h'",
        ):
            cursor.execute(statement)
    assert change(source, "reconfigure", **settings())["ok"]
    done(source, "restart")
    done(source, "stop")
    done(source, "start")
    reply = change(source, "delete_database", name="shop")
    assert "ROLLBACK PREPARED 'h'" in reply["error"]["message"]
    source.version = catalog().version("postgresql", "18")
    state = do(source, "upgrade", **settings())
    assert "COMMIT or ROLLBACK PREPARED 'h'" in state["error"]["message"]
    assert root(source, "COMMIT PREPARED 'h'", "SELECT count(*) FROM kept") == [(1,)]
