"""python-troveclient's Python API: paging over several pages, links, and finding the service's version."""

import os
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
from keystoneauth1.adapter import Adapter
from troveclient import client, exceptions

from deploy.local.cloud import Cloud
from tests.support.records import recorded
from tests.support.tenants import project_id

pytestmark = pytest.mark.usefixtures("product_environment")

Trove: TypeAlias = Any
"""A client; it is untyped."""
ROWS = 45
UNKNOWN = "6f1d7c52-8a3e-4b57-9c0d-2e4b6a8c0f13"


@pytest.fixture(scope="module")
def trove(cloud: Cloud) -> Iterator[Trove]:
    """A client of the second tenant."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TROVECLIENT_UUID_CACHE_DIR", os.devnull)
        yield client.Client("1.0", session=cloud.session("other"), service_type="database", region_name="RegionOne")


@pytest.fixture(scope="module")
def ids(cloud: Cloud) -> Iterator[list[str]]:
    """Ids of instances of the second tenant, and of their backups: the newest first, which is the order of ids too."""
    with recorded(project_id(cloud, "other"), ROWS) as identifiers:
        yield identifiers


def pages(one_page: Callable[..., Any], limit: int | None) -> list[list[str]]:
    """The ids of each page, following the client's `next` marker."""
    found, marker = [], None
    while True:
        page = one_page(limit=limit, marker=marker)
        found.append([item.id for item in page])
        if page.next is None:
            return found
        marker = page.next


@pytest.mark.parametrize(
    ("limit", "sizes"), [(None, [20, 20, 5]), (20, [20, 20, 5]), (15, [15, 15, 15]), (1000, [20, 20, 5])]
)
def test_instances_are_paged(trove: Trove, ids: list[str], limit: int | None, sizes: list[int]) -> None:
    found = pages(trove.instances.list, limit)
    assert [len(page) for page in found] == sizes
    assert [identifier for page in found for identifier in page] == ids


@pytest.mark.parametrize("limit", [None, 7, 44, 45])
def test_backups_are_paged(trove: Trove, ids: list[str], limit: int | None) -> None:
    found = pages(trove.backups.list, limit)
    assert all(len(page) == len(found[0]) for page in found[:-1])
    assert [identifier for page in found for identifier in page] == ids


def test_next_link_keeps_the_other_parameters(trove: Trove, ids: list[str]) -> None:
    assert trove.clusters.list() == []
    page = trove.instances.list(limit=2, include_clustered=True)
    [link] = page.links
    assert link["rel"] == "next"
    assert f"marker={ids[1]}" in link["href"]
    assert "limit=2" in link["href"]
    assert "include_clustered=True" in link["href"]
    assert trove.instances.list(marker=ids[-2]).links == []


def test_detailed_list(trove: Trove, ids: list[str]) -> None:
    page = trove.instances.list(limit=3, detailed=True)
    assert [item.id for item in page] == ids[:3]
    assert all(item.created < item.updated for item in page[1:])
    assert page.next == ids[2]


def test_backups_of_one_instance(trove: Trove, ids: list[str]) -> None:
    for listed in (trove.backups.list(instance_id=ids[3]), trove.instances.backups(ids[3])):
        [backup] = listed
        assert (backup.id, backup.instance_id, backup.status) == (ids[3], ids[3], "COMPLETED")
        assert (backup.datastore["type"], backup.parent_id, listed.next) == ("postgresql", None, None)
    assert next(iter(trove.backups.list(datastore="postgresql", limit=1))).id == ids[0]


def test_links_of_a_resource_lead_to_it(cloud: Cloud, trove: Trove, ids: list[str]) -> None:
    shown = trove.instances.get(ids[0])
    hrefs = {link["rel"]: link["href"] for link in shown.links}
    assert set(hrefs) == {"self", "bookmark"}
    assert Adapter(cloud.session("other")).get(hrefs["self"]).json()["instance"]["id"] == ids[0]
    for absent in ("replica_of", "replicas", "hostname", "configuration", "fault"):
        assert not hasattr(shown, absent), f"{absent} must be absent: clients take a null for a value"


def test_find_by_name(trove: Trove, ids: list[str]) -> None:
    assert trove.instances.find(name="recorded-4").id == ids[4]
    assert trove.flavors.find(name="db.small").id == 2
    with pytest.raises(exceptions.NotFound):
        trove.instances.find(name="nobody")


def test_flavors_of_a_version(trove: Trove) -> None:
    version = trove.datastore_versions.list("postgresql")[0]
    flavors = trove.flavors.list_datastore_version_associated_flavors("postgresql", version.id)
    assert [flavor.name for flavor in flavors] == ["db.tiny", "db.small", "db.medium", "db.large"]
    assert trove.datastores.get("postgresql").default_version == version.id


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda trove: trove.instances.get("no-id"), exceptions.NotFound),
        (lambda trove: trove.instances.list(limit=0), exceptions.BadRequest),
        (lambda trove: trove.instances.create("a", 99, {"size": 1}), exceptions.BadRequest),
        (lambda trove: trove.instances.create("a", 1, {"size": 99}), exceptions.RequestEntityTooLarge),
        (lambda trove: trove.instances.create("---", 1, {"size": 1}), exceptions.BadRequest),
        (lambda trove: trove.backups.create("b", UNKNOWN), exceptions.NotFound),
    ],
)
def test_errors_are_the_clients_own(trove: Trove, call: Callable[[Trove], object], error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        call(trove)
    assert str(caught.value).partition(" (HTTP")[0], "the error says nothing"


def test_version_discovery(cloud: Cloud) -> None:
    database = Adapter(cloud.session("other"), service_type="database", interface="public")
    data = database.get_endpoint_data()
    assert data is not None
    assert data.url is not None
    assert (data.api_version, data.min_microversion, data.max_microversion) == ((1, 0), (1, 0), (1, 2))
    assert data.url.endswith(f"/v1.0/{project_id(cloud, 'other')}")
    [version] = database.get(f"{data.url.partition('/v1.0/')[0]}/", authenticated=False).json()["versions"]
    assert (version["id"], version["status"]) == ("v1.0", "CURRENT")


def test_tls_of_an_instance(trove: Trove, ids: list[str]) -> None:
    """The commands `openstack database ssl ...` are on the page `tls` of the guide."""
    shown = trove.instances.ssl_show(ids[0], include_certificate=True)
    assert (shown.status, shown.mode, shown.certificate) == ("off", "builtin", None)
    assert trove.instances.ssl_disable(ids[0])["mode"] == "builtin"
    with pytest.raises(exceptions.BadRequest, match="serves no TLS"):
        trove.instances.ssl_enable(ids[0], "basic", UNKNOWN)
    with pytest.raises(exceptions.BadRequest, match="no earlier TLS configuration"):
        trove.instances.ssl_rollback(ids[0])
