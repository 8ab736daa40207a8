"""List and show over HTTP with token validation, on a kept connection, for a project with 50 instances."""

import http.client
import json
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from keystoneauth1.identity import v3
from keystoneauth1.session import Session
from sqlalchemy import delete

from datastores.catalog import catalog
from deploy.local import credentials
from deploy.local.cloud import Cloud
from functions.base.statuses import InstanceStatus
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.instances.spec import Access
from functions.topology import flavors
from tests.bench.support import Line, alternately, at_most, fact, percentile, show, spread
from tests.support.entrypoint import entrypoint

INSTANCES = 50
ROUNDS = 200
FRESH_TOKENS = 7
LIST_GOAL_MS, SHOW_GOAL_MS = 6, 3


@dataclass
class Client:
    """One kept connection, with a token."""

    connection: http.client.HTTPConnection
    project_id: str
    token: str

    def get(self, path: str) -> tuple[float, Any]:
        """Milliseconds until the whole reply was there, and its JSON."""
        started = time.monotonic()
        self.connection.request("GET", path, headers={"X-Auth-Token": self.token})
        reply = self.connection.getresponse()
        body = reply.read()
        spent = (time.monotonic() - started) * 1000
        assert reply.status == http.client.OK, body
        return spent, json.loads(body)

    def page(self, marker: str = "") -> tuple[float, list[dict[str, Any]], str]:
        """Milliseconds, instances and the address of the next page."""
        path = marker or f"/v1.0/{self.project_id}/instances?limit={INSTANCES}"
        spent, reply = self.get(path)
        following = urlsplit(reply["links"][0]["href"]) if reply.get("links") else None
        return spent, reply["instances"], f"{following.path}?{following.query}" if following else ""

    def first_page(self) -> float:
        """Milliseconds of the first page."""
        return self.page()[0]

    def every_page(self) -> float:
        """Milliseconds of all pages; all instances are there."""
        spent, found, marker = self.page()
        while marker:
            more, listed, marker = self.page(marker)
            spent, found = spent + more, found + listed
        assert len({instance["id"] for instance in found}) == INSTANCES
        return spent

    def show(self, instance_id: str) -> float:
        """Milliseconds of one instance."""
        spent, reply = self.get(f"/v1.0/{self.project_id}/instances/{instance_id}")
        assert reply["instance"]["id"] == instance_id
        return spent


@dataclass(frozen=True)
class Tenancy:
    """A project of its own, in which the user demo is a member."""

    project_id: str
    session: Callable[[], Session]


@contextmanager
def a_tenancy(cloud: Cloud) -> Iterator[Tenancy]:
    """A project that is removed in the end."""
    url = cloud.addresses.url("keystone", "/v3")

    def ask(path: str, method: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        reply = cloud.session("admin").request(url + path, method, json=body)
        return reply.json() if reply.content else None

    name = f"bench-{uuid.uuid4().hex[:8]}"
    project_id = ask("/projects", "POST", {"project": {"name": name}})["project"]["id"]
    role_id = ask("/roles?name=member", "GET")["roles"][0]["id"]
    ask(f"/projects/{project_id}/users/{cloud.session('demo').get_user_id()}/roles/{role_id}", "PUT")
    password = credentials.passwords(cloud.state).users["demo"]

    def session() -> Session:
        auth = v3.Password(url, username="demo", password=password, user_domain_name="Default", project_id=project_id)
        return Session(auth)

    yield Tenancy(project_id, session)
    ask(f"/projects/{project_id}", "DELETE")


@pytest.fixture
def tenancy(cloud: Cloud, product_environment: dict[str, str]) -> Iterator[Tenancy]:
    """A project with 50 instances that exist in the state only."""
    with a_tenancy(cloud) as own:
        with transaction() as session:
            session.add_all(an_instance(own.project_id, number) for number in range(INSTANCES))
        yield own
        with transaction() as session:
            session.execute(delete(Instance).where(Instance.project_id == own.project_id))


def an_instance(project_id: str, number: int) -> Instance:
    """A row as a create leaves it."""
    version, flavor = catalog().version("postgresql", None), flavors.flavors()[0]
    return Instance(
        project_id=project_id,
        name=f"bench-{number}",
        datastore_version_id=version.id,
        flavor_id=flavor.id,
        flavor_name=flavor.name,
        memory_mb=flavor.ram,
        cpus=flavor.vcpus,
        volume_size=1,
        region="RegionOne",
        access=Access(is_public=False),
        status=InstanceStatus.ACTIVE,
        operating_status="HEALTHY",
    )


def test_list_and_show(cloud: Cloud, tenancy: Tenancy) -> None:
    with entrypoint(cloud, TROVE_PAGE_SIZE=str(INSTANCES)) as large_pages:
        client, large = client_of(cloud.addresses.url("entrypoint"), tenancy), client_of(large_pages, tenancy)
        shown = client.page()[1][0]["id"]
        works = (large.every_page, client.every_page, client.first_page, partial(client.show, shown))
        spent = alternately(ROUNDS, *works, lambda: client.get("/")[0])
    fresh = [fresh_token(client, tenancy, shown) for _ in range(FRESH_TOKENS)]
    client.connection.close()
    large.connection.close()
    show(
        "api",
        f"List and show: milliseconds over HTTP, tokens validated, {ROUNDS} requests each in turn",
        table(spent, fresh),
    )


def client_of(url: str, tenancy: Tenancy) -> Client:
    """A client of an entrypoint."""
    endpoint = urlsplit(url)
    connection = http.client.HTTPConnection(str(endpoint.hostname), endpoint.port)
    return Client(connection, tenancy.project_id, str(tenancy.session().get_token()))


def fresh_token(client: Client, tenancy: Tenancy, instance_id: str) -> float:
    """Milliseconds of a show with a token that the entrypoint has not seen."""
    client.token = str(tenancy.session().get_token())
    return client.show(instance_id)


def table(spent: list[list[float]], fresh: list[float]) -> list[Line]:
    """Goals first, then what a request costs at least, and at most."""
    whole, every, first, one, nothing = spent
    floor = f"a request without token or SQL takes {statistics.median(nothing):.1f} ms here"
    return [
        at_most("list 50 (page_size 50), p50", percentile(whole, 50), LIST_GOAL_MS, "ms", floor),
        at_most("show, p50", percentile(one, 50), SHOW_GOAL_MS, "ms", floor),
        fact("list 50 in three pages of 20 (Trove's size), p50", f"{percentile(every, 50):.3g} ms"),
        fact("list, a page of 20, p50", f"{percentile(first, 50):.3g} ms"),
        fact("list 50, p95", f"{percentile(whole, 95):.3g} ms"),
        fact("show, p95", f"{percentile(one, 95):.3g} ms"),
        fact(
            "GET / (no token, no SQL), p50 and p95",
            f"{percentile(nothing, 50):.3g} ms, {percentile(nothing, 95):.3g} ms",
        ),
        fact("show with a token not seen before (asks Keystone)", spread(fresh, "ms")),
    ]
