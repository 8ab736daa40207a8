"""The rules of a create request that the schema cannot tell, as far as they need no database."""

import ipaddress
from typing import Any

import pytest

from functions.base import errors
from functions.entrypoint import models
from functions.entrypoint.resources.new_instance import new_instance
from functions.entrypoint.version_catalog import VersionCatalog
from functions.operations.parts.new_instances import NewInstance
from functions.state.instances.spec import Access

UUID = "6f1e2a4c-8d70-4e6f-9b65-0f4a3e1cbe11"


def check(**members: Any) -> NewInstance:  # noqa: ANN401 - any JSON value
    item = {"name": "db", "flavorRef": "1", "volume": {"size": 1}} | members
    return new_instance(models.NewInstanceItem.model_validate(item), "p", VersionCatalog({}))[0]


def user(name: str = "u", **members: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    return {"name": name, "password": "s3cret", **members}


def test_smallest_request_gets_the_defaults() -> None:
    request = check()
    spec = request.spec
    assert (spec.flavor_id, spec.memory_mb, spec.cpus, spec.volume_size) == ("1", 512, 1, 1)
    assert (spec.access, request.databases, request.users) == (Access(is_public=False), (), ())


def test_a_datastore_without_a_volume_gets_none() -> None:
    cache = {"type": "memcached"}
    assert check(datastore=cache, volume=None).spec.volume_size == 0
    with pytest.raises(errors.BadRequest, match="leave out 'volume'"):
        check(datastore=cache)
    with pytest.raises(errors.BadRequest, match="'volume' is a required property"):
        check(volume=None)


@pytest.mark.parametrize("reference", [2, "2", "http://db/v1.0/p/flavors/2", "http://db/flavors/2/"])
def test_flavor_by_id_or_url(reference: int | str) -> None:
    assert check(flavorRef=reference).spec.flavor_id == "2"


def test_flavor_as_openstacksdk_sends_it() -> None:
    assert check(flavorRef=None, flavor="2").spec.flavor_id == "2"
    assert check(flavorRef="1", flavor="2").spec.flavor_id == "1"


@pytest.mark.parametrize("datastore", [{}, {"type": "postgresql"}, {"version": "18"}, {"version_number": "18"}])
def test_datastore_defaults(datastore: dict[str, str]) -> None:
    assert check(datastore=datastore).spec.datastore_version_id == check().spec.datastore_version_id


def test_accounts() -> None:
    request = check(
        databases=[{"name": "a", "character_set": "UTF8"}],
        users=[user(databases=[{"name": "a"}, {"name": "a"}]), user("v", host="%")],
    )
    assert [database.name for database in request.databases] == ["a"]
    assert [(item.name, item.host, item.databases) for item in request.users] == [
        ("u", "%", ("a",)),
        ("v", "%", ()),
    ]
    assert "s3cret" not in repr(request)


def test_access_is_normalised() -> None:
    access = check(access={"is_public": True, "allowed_cidrs": ["10.1.2.3/8"]}).spec.access
    assert access == Access(is_public=True, allowed_cidrs=[str(ipaddress.IPv4Network("10.0.0.0/8"))])


@pytest.mark.parametrize(
    ("members", "error", "message"),
    [
        ({"replica_count": 2}, errors.BadRequest, "goes with 'replica_of'"),
        ({"modules": [{"id": UUID}]}, errors.NotSupported, "Modules"),
        ({"locality": "affinity"}, errors.NotSupported, "Locality"),
        ({"region_name": "Elsewhere"}, errors.BadRequest, "RegionOne"),
        ({"nics": [{}]}, errors.BadRequest, "'network_id' or 'subnet_id'"),
        ({"nics": [{"net-id": UUID, "ip_address": "10.0.0.9"}]}, errors.BadRequest, "'ip_address' needs 'subnet_id'"),
        ({"flavorRef": None}, errors.BadRequest, "'flavorRef' is a required property"),
        ({"flavorRef": "99"}, errors.BadRequest, "Flavor 99"),
        ({"flavorRef": "db.tiny"}, errors.BadRequest, "Flavor db.tiny"),
        ({"volume": None}, errors.BadRequest, "'volume' is a required property"),
        ({"volume": {"size": 11}}, errors.QuotaExceeded, "cannot exceed maximum of 10 GB"),
        ({"datastore": {"type": "oracle"}}, errors.NotFound, "Datastore 'oracle'"),
        ({"datastore": {"version": "9"}}, errors.BadRequest, "Datastore version '9'"),
        ({"datastore": {"version": "17"}}, errors.BadRequest, "Datastore version '17'"),
        ({"datastore": {"version": "18", "version_number": "1"}}, errors.BadRequest, "Datastore version '18'"),
        ({"databases": [{"name": "a"}, {"name": "a"}]}, errors.BadRequest, "The database 'a' is given more than once"),
        ({"databases": [{"name": "postgres"}]}, errors.BadRequest, "reserved"),
        ({"databases": [{"name": "a" * 64}]}, errors.BadRequest, "63 bytes"),
        ({"users": [user(), user()]}, errors.BadRequest, "The user 'u@%' is given more than once"),
        ({"users": [user("PG_x")]}, errors.BadRequest, "reserved"),
        ({"users": [user("v", host="10.0.0.1")]}, errors.BadRequest, "leave out '10.0.0.1'"),
        ({"users": [user(databases=[{"name": "b"}])]}, errors.BadRequest, "not among 'databases'"),
        ({"access": {"allowed_cidrs": ["10.0.0.0/33"]}}, errors.BadRequest, "allowed_cidrs"),
    ],
)
def test_refusals(members: dict[str, Any], error: type[errors.TroveError], message: str) -> None:
    with pytest.raises(error, match=message):
        check(**members)
