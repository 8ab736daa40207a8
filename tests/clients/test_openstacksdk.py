"""openstacksdk's `conn.database`: what it sends rightly, and what it sends in its own way."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import openstack
import pytest
from openstack.config import OpenStackConfig
from openstack.exceptions import BadRequestException, NotFoundException

from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from functions.base.statuses import InstanceStatus
from tests.support.records import recorded
from tests.support.tenants import follow, project_id, tenant

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")

Proxy: TypeAlias = Any
"""`Connection.database`; it is untyped for us."""
FLAVORS = {"db.tiny": 512, "db.small": 1024, "db.medium": 2048, "db.large": 4096}


def connect(cloud: Cloud, name: str) -> Proxy:
    """As `openstack.connect(cloud=name)` does with the state's clouds.yaml and nothing else."""
    files = OpenStackConfig(
        config_files=[str(cloud.state.clouds_yaml)], vendor_files=[], secure_files=[], load_envvars=False
    )
    return openstack.connection.Connection(config=files.get_one(name)).database


@pytest.fixture(scope="module")
def database(cloud: Cloud) -> Proxy:
    """The proxy of the tenant."""
    return connect(cloud, "demo")


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    """The tenant's API, to wait with."""
    return tenant(cloud)


@pytest.fixture
def ids(cloud: Cloud, product_environment: dict[str, str]) -> Iterator[list[str]]:
    """Ids of more instances of the second tenant than a page has."""
    assert product_environment
    with recorded(project_id(cloud, "other"), 25) as identifiers:
        yield identifiers


def test_flavors(database: Proxy) -> None:
    assert {flavor.name: flavor.ram for flavor in database.flavors()} == FLAVORS
    assert database.get_flavor("1").name == "db.tiny"
    assert database.find_flavor("db.small").id == 2
    assert database.find_flavor("db.huge") is None
    with pytest.raises(NotFoundException):
        database.get_flavor("99")


def test_instances_are_listed_over_several_pages(cloud: Cloud, ids: list[str]) -> None:
    others = connect(cloud, "other")
    assert {instance.id for instance in others.instances()} == set(ids)
    assert len(list(others.instances(limit=10))) == len(ids)
    found = others.find_instance("recorded-3")
    assert (found.id, found.status, found.volume) == (ids[3], InstanceStatus.ACTIVE, {"size": 1})
    assert (found.datastore["type"], found.flavor["id"]) == ("postgresql", "1")


def test_an_instance_lives(database: Proxy, owner: Tenant) -> None:
    # It knows no flavorRef: what is given under another name than the resource's own is not sent at all.
    made = database.create_instance(
        name="sdk", flavor="1", volume={"size": 1}, datastore={"type": "postgresql", "version": "18"}
    )
    assert (made.status, made.region, made.flavor["id"]) == (InstanceStatus.BUILD, "RegionOne", "1")
    assert database.wait_for_status(made, "ACTIVE", ["ERROR"], interval=1, wait=120).id == made.id
    shown = database.get_instance(made.id)
    assert (shown.name, shown.datastore["version"]) == ("sdk", "18")
    shown.restart(database)
    assert database.get_instance(made.id).status == InstanceStatus.REBOOT
    follow(owner, "instance_restart", instance_id=made.id)
    database.delete_instance(made)
    database.wait_for_delete(made, interval=1, wait=60)
    assert database.find_instance(made.id) is None


def test_errors_are_the_sdks_own(cloud: Cloud, database: Proxy, ids: list[str]) -> None:
    with pytest.raises(BadRequestException, match="Flavor 99 cannot be found"):
        database.create_instance(name="sdk", flavor="99", volume={"size": 1})
    with pytest.raises(BadRequestException, match="'flavorRef' is a required property"):
        database.create_instance(name="sdk", volume={"size": 1})
    with pytest.raises(NotFoundException, match=f"Instance {ids[0]} cannot be found"):
        database.get_instance(ids[0])
    with pytest.raises(NotFoundException):
        database.delete_instance(ids[0], ignore_missing=False)
    assert connect(cloud, "other").get_instance(ids[0]).id == ids[0]
