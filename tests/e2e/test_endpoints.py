"""Endpoints for real: an address on the real Heat that clients of a real PostgreSQL follow from host to host."""

import secrets
import time
from collections.abc import Iterator
from io import StringIO

import psycopg2
import psycopg2.extensions
import pytest
from rich.console import Console

from deploy.local import display
from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from deploy.local.endpoints import lifecycle
from tests.support.endpoints import EndpointStack, an_endpoint, connect, greeted, hear, speakers
from tests.support.tenants import TestInstance, create_body, delete_instance, follow, tenant

pytestmark = pytest.mark.usefixtures("product_environment")
MOVES = 5
"""Moves whose gaps are printed."""


@pytest.fixture(scope="module")
def databases(cloud: Cloud) -> Iterator[list[TestInstance]]:
    """Two databases with the same user and password, as members of a group have."""
    owner, password = tenant(cloud), secrets.token_hex(16)
    made = [_database(owner, f"endpoint-{number}", password) for number in range(2)]
    yield made
    for instance in made:
        delete_instance(owner, instance.id)


def _database(owner: Tenant, name: str, password: str) -> TestInstance:
    instance_id = owner.request("POST", "/instances", create_body(name, password))["instance"]["id"]
    follow(owner, "instance_create", instance_id=instance_id)
    shown = owner.request("GET", f"/instances/{instance_id}")["instance"]
    return TestInstance(instance_id, shown["ip"][0], password)


@pytest.fixture
def endpoint(cloud: Cloud) -> Iterator[EndpointStack]:
    with an_endpoint(cloud) as stack:
        yield stack


def login(endpoint: EndpointStack, database: TestInstance) -> psycopg2.extensions.connection:
    """A session of the database's user through the endpoint."""
    connection = psycopg2.connect(
        host=endpoint.address,
        dbname=database.database,
        user=database.user,
        password=database.password,
        connect_timeout=5,
    )
    connection.autocommit = True
    return connection


def ask(connection: psycopg2.extensions.connection, statement: str) -> object:
    """The value that a statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        [(value,)] = cursor.fetchall()
        return value


def test_clients_follow_the_target(
    endpoint: EndpointStack, databases: list[TestInstance], capsys: pytest.CaptureFixture[str]
) -> None:
    first = databases[0]
    status = endpoint.lead_to(first.host)
    assert status.outputs == {
        "addresses": [{"address": endpoint.address, "type": "private"}],
        "source_cidrs": [f"{endpoint.address}/32"],
        "held_by_host": False,
    }
    address, gaps, stacks = endpoint.address, [], []
    session = login(endpoint, first)
    assert ask(session, "SELECT host(inet_server_addr())") == first.host
    assert ask(session, "SELECT host(inet_client_addr())") == address, "the database sees the endpoint"
    for number in range(MOVES):
        aim = databases[(number + 1) % 2]
        began = time.monotonic()
        endpoint.ask([aim.host])
        gaps.append(_gap(endpoint, session, aim))
        endpoint.settled()
        stacks.append(time.monotonic() - began)
        session = login(endpoint, aim)
        assert ask(session, "SELECT host(inet_server_addr())") == aim.host
    assert endpoint.address == address
    with capsys.disabled():
        print(f"\n  gap of a client {_milliseconds(gaps)} ms, stack update {_milliseconds(stacks)} ms")


def _gap(endpoint: EndpointStack, session: psycopg2.extensions.connection, aim: TestInstance) -> float:
    """Use a session until it ends, then log in until it works; the seconds from the last success to the next one."""
    last = time.monotonic()
    with pytest.raises(psycopg2.OperationalError):
        while ask(session, "SELECT 1") == 1:
            last = time.monotonic()
    again = login(endpoint, aim)
    assert ask(again, "SELECT host(inet_server_addr())") == aim.host
    again.close()
    return time.monotonic() - last


def _milliseconds(seconds: list[float]) -> str:
    return ", ".join(f"{each * 1000:.0f}" for each in seconds)


def test_without_a_target_connections_are_refused(endpoint: EndpointStack, databases: list[TestInstance]) -> None:
    endpoint.lead_to(databases[0].host)
    session = login(endpoint, databases[0])
    endpoint.lead_to()
    with pytest.raises(psycopg2.OperationalError):
        ask(session, "SELECT 1")
    with pytest.raises(ConnectionRefusedError):
        connect(endpoint.address)
    endpoint.lead_to(databases[1].host)
    assert ask(login(endpoint, databases[1]), "SELECT host(inet_server_addr())") == databases[1].host


def test_a_dead_target_is_told_at_once(cloud: Cloud, endpoint: EndpointStack) -> None:
    with speakers(cloud, 1) as [server]:
        endpoint.lead_to(server.address)
        session = connect(endpoint.address)
        assert hear(session) == f"{server.address} {endpoint.address}"
    assert hear(session) == ""
    began = time.monotonic()
    assert greeted(endpoint.address) == ""
    assert time.monotonic() - began < 2


def test_only_allowed_networks_get_in_and_open_sessions_go_on(cloud: Cloud, endpoint: EndpointStack) -> None:
    with speakers(cloud, 1) as [server]:
        endpoint.lead_to(server.address, allowed_cidrs=["127.0.0.2/32"])
        session = connect(endpoint.address, "127.0.0.2")
        assert hear(session)
        assert greeted(endpoint.address, "127.0.0.3") == ""
        endpoint.lead_to(server.address, allowed_cidrs=["127.0.0.3/32", "2001:db8::/32"])
        assert greeted(endpoint.address, "127.0.0.3")
        assert greeted(endpoint.address, "127.0.0.2") == ""
        session.settimeout(0.2)
        with pytest.raises(TimeoutError):
            session.recv(1)


def test_readers_share_connections_and_keep_the_sessions_of_those_that_stay(cloud: Cloud) -> None:
    with an_endpoint(cloud, "readers") as endpoint, speakers(cloud, 3) as servers:
        one, two, three = (server.address for server in servers)
        endpoint.lead_to(one, two)
        sessions = [connect(endpoint.address) for _ in range(4)]
        reached = [hear(session).split()[0] for session in sessions]
        assert sorted(reached) == sorted([one, one, two, two])
        endpoint.lead_to(two, three)
        for session, target in zip(sessions, reached, strict=True):
            if target == one:
                assert hear(session) == ""
                continue
            session.settimeout(0.2)
            with pytest.raises(TimeoutError):
                session.recv(1)
        servers[2].close()
        assert {greeted(endpoint.address).split()[0] for _ in range(4)} == {two}, "a dead reader is passed over"


def test_one_endpoint_does_not_disturb_another(cloud: Cloud, endpoint: EndpointStack) -> None:
    with an_endpoint(cloud) as other, speakers(cloud, 2) as servers:
        endpoint.lead_to(servers[0].address)
        session = connect(endpoint.address)
        assert hear(session)
        process = lifecycle.pid(endpoint.directory)
        other.lead_to(servers[1].address)
        other.lead_to(servers[0].address)
        assert other.address != endpoint.address
        assert greeted(other.address).split()[0] == servers[0].address
        other.delete()
        assert lifecycle.pid(endpoint.directory) == process
        session.settimeout(0.2)
        with pytest.raises(TimeoutError):
            session.recv(1)


def test_the_status_shows_where_an_endpoint_leads(cloud: Cloud, endpoint: EndpointStack) -> None:
    def shown() -> str:
        screen = Console(file=StringIO(), width=200)
        assert display.show_status(cloud, screen)
        lines = str(screen.file.getvalue()).splitlines()  # type: ignore[attr-defined]
        return next(line for line in lines if endpoint.directory.root.name in line)

    with speakers(cloud, 1) as [server]:
        endpoint.lead_to(server.address)
        assert f"primary  {endpoint.address}:5432  leads to {server.address}" in shown()
        endpoint.lead_to()
        assert "leads to nobody" in shown()


def test_other_ports_start_it_anew_at_the_same_address(cloud: Cloud, endpoint: EndpointStack) -> None:
    with speakers(cloud, 1) as [server]:
        endpoint.lead_to(server.address)
        address = endpoint.address
        endpoint.lead_to(server.address, ports=[6432])
        assert endpoint.address == address
        with pytest.raises(ConnectionRefusedError):
            connect(address)
        assert greeted(address, port=6432) == "", "nothing listens there on the host"
        endpoint.lead_to(server.address)
        assert greeted(address)


def test_a_deleted_endpoint_leaves_nothing(cloud: Cloud) -> None:
    with an_endpoint(cloud) as endpoint, speakers(cloud, 1) as [server]:
        endpoint.lead_to(server.address)
        address, process = endpoint.address, lifecycle.pid(endpoint.directory)
        session = connect(address)
        assert hear(session) and process is not None
        endpoint.delete()
        assert hear(session) == ""
        assert not endpoint.directory.root.exists()
        with pytest.raises(ConnectionRefusedError):
            connect(address)
