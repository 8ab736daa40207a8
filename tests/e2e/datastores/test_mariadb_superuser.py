"""What tenants can do to a MariaDB: never lock the service out, never make its work fail or take for ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any

import pymysql
import pytest

from datastores.catalog import catalog
from tests.e2e.datastores.conftest import Hosts
from tests.support.host_driver import HostDriver
from tests.support.tempurl_sink import TempUrlSink

_numbers = count(1)
PASSWORD = "root's own"


def do(host: HostDriver, action: str, /, **arguments: object) -> dict[str, Any]:
    """A job's end."""
    host.fence = next(_numbers)
    return host.run(f"op{host.fence}-{action}", action, dict(arguments))


def done(host: HostDriver, action: str, /, **arguments: object) -> dict[str, Any]:
    """A job that succeeds."""
    state = do(host, action, **arguments)
    assert state["state"] == "succeeded", state
    return state


def change(host: HostDriver, action: str, /, **arguments: object) -> dict[str, Any]:
    """A change as a step makes it; its reply."""
    host.fence = next(_numbers)
    return host.call(action, dict(arguments), host.fence)


def settings(**more: object) -> dict[str, Any]:
    """The arguments of a small flavor's settings, with those of a configuration group."""
    return {"settings": catalog().version("mariadb", None).settings_for(512, 2) | more}


@pytest.fixture(scope="module")
def host(hosts: Hosts) -> Iterator[HostDriver]:
    """An instance with few connections, a database, a user and root enabled."""
    made = hosts.make("mariadb")
    user = {"name": "app", "password": PASSWORD, "databases": ["shop"]}
    done(made, "create", **settings(max_connections=20), databases=[{"name": "shop"}], users=[user])
    assert change(made, "enable_root", password=PASSWORD)["ok"]
    yield made


def connect(host: HostDriver, user: str = "app", database: str | None = "shop") -> pymysql.connections.Connection[Any]:
    """A session over the network."""
    return pymysql.connect(
        host=host.address, port=3306, user=user, password=PASSWORD, database=database, autocommit=True
    )


def query(host: HostDriver, *statements: str, user: str = "app", database: str | None = "shop") -> Any:  # noqa: ANN401
    """Rows of the last statement."""
    with closing(connect(host, user, database)) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall()


def serves_its_tenant(host: HostDriver) -> None:
    """The service lists and changes, as if nothing had happened."""
    name = f"user{next(_numbers)}"
    reply = change(host, "create_users", users=[{"name": name, "password": "p", "databases": ["shop"]}])
    assert reply["ok"], reply
    found = host.call("accounts")
    assert found["ok"], found
    assert name in {user["name"] for user in found["result"]["users"]}
    assert change(host, "delete_user", name=name, host="%")["ok"]


def test_an_account_that_the_server_needs_may_be_dropped(host: HostDriver) -> None:
    query(host, "DROP USER 'mariadb.sys'@'localhost'", user="root")
    serves_its_tenant(host)
    done(host, "restart")
    serves_its_tenant(host)
    assert query(host, "SELECT COUNT(*) FROM mysql.user WHERE User = 'app'", user="root") == ((1,),)


def test_the_services_account_is_made_anew_at_the_next_start(host: HostDriver) -> None:
    query(host, "DELETE FROM mysql.global_priv WHERE Host = 'localhost'", "FLUSH PRIVILEGES", user="root")
    refused = host.call("accounts")
    assert "restart the instance" in refused["error"]["message"]
    assert host.call("status")["result"]["running"]
    done(host, "restart")
    serves_its_tenant(host)


def test_all_connections_taken_leave_room_for_the_service(host: HostDriver, sink: TempUrlSink) -> None:
    with ExitStack() as taken:
        with pytest.raises(pymysql.err.OperationalError, match="Too many connections"):
            while True:
                taken.enter_context(closing(connect(host)))
        assert host.call("status")["result"]["running"]
        serves_its_tenant(host)
        done(host, "backup", upload=sink.address("PUT", "full"), segment_bytes=2**20)


def test_a_backup_does_not_wait_for_ever_for_a_locked_table(host: HostDriver, sink: TempUrlSink) -> None:
    query(host, "CREATE TABLE IF NOT EXISTS held (n INT) ENGINE=MyISAM")
    with closing(connect(host)) as holding, holding.cursor() as cursor:
        cursor.execute("LOCK TABLES held WRITE")
        state = do(host, "backup", upload=sink.address("PUT", "held"), segment_bytes=2**20)
    assert state["state"] == "failed"
    assert "end its LOCK TABLES" in state["error"]["message"]
    done(host, "backup", upload=sink.address("PUT", "free"), segment_bytes=2**20)


def test_hundreds_of_users_are_made_in_one_call(host: HostDriver) -> None:
    users = [{"name": f"many{n}", "password": "p", "databases": ["shop"]} for n in range(300)]
    assert change(host, "create_users", users=users)["ok"]
    found = {user["name"] for user in host.call("accounts")["result"]["users"] if user["databases"] == ["shop"]}
    assert {user["name"] for user in users} <= found


def test_tenants_make_triggers_functions_and_events(host: HostDriver) -> None:
    query(
        host,
        "CREATE TABLE counted (n INT)",
        "CREATE FUNCTION twice(n INT) RETURNS INT RETURN 2 * n",
        "CREATE TRIGGER doubled BEFORE INSERT ON counted FOR EACH ROW SET NEW.n = twice(NEW.n)",
        "CREATE EVENT later ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 HOUR DO INSERT INTO counted VALUES (0)",
        "INSERT INTO counted VALUES (21)",
    )
    assert query(host, "SELECT n FROM counted") == ((42,),)
    assert query(host, "SELECT @@event_scheduler") == (("ON",),)


def test_the_server_has_files_for_its_tables(host: HostDriver) -> None:
    (pid,) = {int(path.read_text()) for path in Path(host.root, "run").glob("mysql.pid")}
    limits = dict(line.split("  ", 1) for line in Path(f"/proc/{pid}/limits").read_text().splitlines())
    soft, hard, _unit = limits["Max open files"].split()
    assert int(soft) >= min(65536, int(hard))
