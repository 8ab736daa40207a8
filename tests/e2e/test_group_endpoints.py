"""The endpoints of a group as its clients see them: through a promotion, with TLS, and until the last member."""

import itertools
import secrets
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest

from api_spec.client.client import Client
from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from deploy.local.endpoints.layout import endpoints_dir
from functions.cloud import heat
from functions.topology.endpoints import ENDPOINT_STACK
from tests.support.endpoints import eventually
from tests.support.releases import releases
from tests.support.tenants import create_body, delete_instance, follow, tenant
from tests.support.tls import written

VERSIONS = [release.version.name for release in releases() if str(release) == "postgresql-15"]
pytestmark = [
    pytest.mark.usefixtures("product_environment"),
    pytest.mark.skipif(not VERSIONS, reason="no PostgreSQL with TLS is here"),
]
PROMOTIONS = 4
LONGEST_GAP = 30.0
"""Seconds without writes that a promotion may cost on a machine that is busy with other tests; the aim is 2."""


@dataclass(frozen=True)
class Group:
    """A source and its replica, as the API shows them, and how their clients log in."""

    owner: Tenant
    client: Client
    ids: tuple[str, str]
    password: str
    root: Path

    def show(self, number: int = 0) -> dict[str, Any]:
        """A member as the API shows it."""
        return self.client.instances.find(self.ids[number])

    def host(self, number: int) -> str:
        """The own address of a member."""
        return str(self.show(number)["ip"][0])

    def text(self, to: str) -> str:
        """The connection string that leads there."""
        [found] = [
            each["text"] for each in self.show()["connection_strings"] if (each["to"], each["form"]) == (to, "uri")
        ]
        return str(found)

    def login(self, text: str) -> psycopg2.extensions.connection:
        """A session by a connection string, which verifies the server."""
        assert "sslmode=verify-full" in text
        account: dict[str, Any] = {"user": "tester", "password": self.password, "dbname": "app"}
        connection: psycopg2.extensions.connection = psycopg2.connect(
            text, **account, sslrootcert=str(self.root), connect_timeout=5
        )
        connection.autocommit = True
        return connection

    def reached(self, to: str) -> str:
        """The own address of the member that a connection string leads to."""
        return str(ask(self.login(self.text(to)), "SELECT host(inet_server_addr())"))

    def promote(self, number: int) -> None:
        """Make a member the primary."""
        self.owner.request("POST", f"/instances/{self.ids[number]}/action", {"promote_to_replica_source": {}})
        follow(self.owner, "replica_promote", instance_id=self.ids[number])


def ask(connection: psycopg2.extensions.connection, statement: str) -> object:
    """The value that a statement gives, in a session that ends then."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        [(value,)] = cursor.fetchall()
    connection.close()
    return value


@pytest.fixture(scope="module")
def group(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """A source with a table, and a replica; after the tests nothing is left of them."""
    owner, password = tenant(cloud), secrets.token_hex(16)
    stacks = endpoint_stacks()
    datastore = {"type": "postgresql", "version": VERSIONS[0]}
    source = owner.request("POST", "/instances", create_body("grouped", password, datastore=datastore))["instance"][
        "id"
    ]
    follow(owner, "instance_create", instance_id=source)
    client = Client(cloud.session("demo"))
    alone = client.instances.find(source)
    assert alone["endpoints"] == []
    assert {each["to"] for each in alone["connection_strings"]} == {"instance"}
    root = written(tmp_path_factory.mktemp("group") / "ca.pem", alone["tls"]["ca_certificate"])
    body = {"instance": {"name": "its replica", "replica_of": source}}
    replica = owner.request("POST", "/instances", body)["instance"]["id"]
    follow(owner, "replica_create", instance_id=replica)
    made = Group(owner, client, (source, replica), password, root)
    with made.login(made.text("primary")) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE written (number int PRIMARY KEY)")
    yield made
    delete_instance(owner, replica)
    eventually(lambda: made.reached("readers") == made.host(0), "readers are led to the source, which is alone")
    delete_instance(owner, source)
    assert endpoint_stacks() == stacks
    assert len([*endpoints_dir(cloud.state.path).glob("[!.]*")]) == len(stacks)


def endpoint_stacks() -> set[str]:
    """The names of the stacks of all endpoints."""
    return {name for name in heat.names() if name.startswith(ENDPOINT_STACK)}


def test_writers_and_readers_are_led_to_whom_they_need_and_verify_them(group: Group) -> None:
    shown = group.show()
    assert [endpoint["kind"] for endpoint in shown["endpoints"]] == ["primary", "readers"]
    assert group.show(1)["endpoints"] == shown["endpoints"]
    assert group.reached("primary") == group.reached("members") == group.host(0)
    assert group.reached("readers") == group.host(1)
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        ask(group.login(group.text("readers")), "INSERT INTO written VALUES (-1) RETURNING number")


@dataclass
class Writer:
    """A client that writes numbers through the primary's endpoint, and logs in anew when its session ends."""

    group: Group
    text: str
    acknowledged: list[tuple[int, float]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def write_on(self) -> None:
        """Write until it is over."""
        number, connection = 0, None
        while not self.over.is_set():
            number += 1
            try:
                connection = connection or self.group.login(self.text)
                with connection.cursor() as cursor:
                    cursor.execute("INSERT INTO written VALUES (%s)", (number,))
            except psycopg2.Error:
                connection = None
                continue
            self.acknowledged.append((number, time.monotonic()))
            time.sleep(0.005)

    def longest_gap(self, since: float) -> float:
        """The longest time between two writes since a moment, in seconds."""
        times = [moment for _number, moment in self.acknowledged if moment >= since]
        return max(later - earlier for earlier, later in itertools.pairwise(times))


def test_a_writer_goes_on_after_a_promotion(group: Group, capsys: pytest.CaptureFixture[str]) -> None:
    writer = Writer(group, group.text("primary"))
    thread = threading.Thread(target=writer.write_on)
    thread.start()
    gaps = []
    try:
        for number in range(PROMOTIONS):
            eventually(lambda: bool(writer.acknowledged), "it writes")
            since = time.monotonic()
            group.promote(1 - number % 2)
            seen = len(writer.acknowledged)
            eventually(lambda seen=seen: len(writer.acknowledged) > seen, "it writes again")  # type: ignore[misc]
            gaps.append(writer.longest_gap(since))
            assert group.reached("primary") == group.host(1 - number % 2)
            assert group.reached("readers") == group.host(number % 2)
    finally:
        writer.over.set()
        thread.join()
    connection = group.login(writer.text)
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM written")
        kept = {number for (number,) in cursor.fetchall()}
    assert {number for number, _moment in writer.acknowledged} <= kept
    with capsys.disabled():
        median = statistics.median(gaps)
        print(f"\n  without writes at a promotion: {', '.join(f'{gap:.2f}' for gap in gaps)} s, median {median:.2f} s")
    assert max(gaps) < LONGEST_GAP


def test_the_access_rules_of_the_primary_hold_at_the_endpoints(group: Group) -> None:
    def allow(*cidrs: str) -> None:
        body = {"instance": {"access": {"allowed_cidrs": [*cidrs]}}}
        group.owner.request("PUT", f"/instances/{group.ids[0]}", body)
        follow(group.owner, "instance_access", instance_id=group.ids[0])

    allow("203.0.113.0/24")
    for to in ("primary", "readers", "instance"):
        with pytest.raises(psycopg2.OperationalError):
            group.login(group.text(to))
    allow("127.0.0.1/32")
    assert group.reached("primary") == group.host(0), "the host admits the endpoint"
    assert group.reached("readers") == group.host(1)
    allow()
    assert group.reached("primary") == group.host(0)
