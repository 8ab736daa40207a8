"""Validation of bodies and queries: what is accepted, and the words for what is not."""

import json
from typing import Any

import pytest

from functions.base.errors import BadRequest
from functions.entrypoint import models
from functions.entrypoint.validation import validate_body, validate_query

UUID = "6f1e2a4c-8d70-4e6f-9b65-0f4a3e1cbe11"


def instance(**members: Any) -> bytes:  # noqa: ANN401 - any JSON value
    return json.dumps({"instance": {"name": "db", **members}}).encode()


def backup(**members: Any) -> bytes:  # noqa: ANN401 - any JSON value
    return json.dumps({"backup": {"name": "b", **members}}).encode()


@pytest.mark.parametrize("size", [1, "1", "007"])
def test_volume_size_is_a_number_or_its_digits(size: int | str) -> None:
    body = validate_body(models.InstanceCreate, instance(volume={"size": size, "type": None}))
    assert body.instance.volume is not None
    assert body.instance.volume.size == size


@pytest.mark.parametrize("reference", [1, "1", "http://h/v1.0/p/flavors/1"])
def test_flavor_is_an_id_or_a_url(reference: int | str) -> None:
    assert validate_body(models.InstanceCreate, instance(flavorRef=reference)).instance.flavor_ref == reference


@pytest.mark.parametrize("action", [{"restart": {}}, {"restart": None}])
def test_restart_accepts_null_as_openstacksdk_sends_it(action: dict[str, object]) -> None:
    validate_body(models.InstanceAction, json.dumps(action).encode())


def test_members_that_nobody_knows_are_ignored_as_in_trove() -> None:
    validate_body(models.InstanceCreate, instance(unheard_of=1))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "The request body is not valid JSON: EOF while parsing an object at line 1 column 1."),
        (b"\xff", "The request body is not valid JSON: expected value at line 1 column 1."),
        (b"[]", "Validation error: body is not of type 'object'"),
        (b"{}", "Validation error: body 'instance' is a required property"),
        (b'{"instance":{}}', "Validation error: instance 'name' is a required property"),
        (instance(name=1), "Validation error: instance['name'] is not of type 'string'"),
        (instance(name=""), "Validation error: instance['name'] is too short (minimum 1 characters)"),
        (instance(name="a" * 256), "Validation error: instance['name'] is too long (maximum 255 characters)"),
        (
            instance(flavorRef=True),
            "Validation error: instance['flavorRef'] is not of type 'integer' or is not of type 'string'",
        ),
        (
            instance(nics=[{"port-id": UUID}]),
            "Validation error: instance['nics'][0] Additional properties are not allowed ('port-id' was unexpected)",
        ),
        (
            instance(nics=[{"net-id": UUID}, {"net-id": UUID}]),
            "Validation error: instance['nics'] has more than 1 items",
        ),
        (
            instance(users=[{"name": "u"}], databases=5),
            "Validation error: instance['databases'] is not of type 'array'; "
            "instance['users'][0] 'password' is a required property",
        ),
        (
            instance(locality="near"),
            "Validation error: instance['locality'] is not one of "
            "'affinity', 'anti-affinity', 'soft-affinity' or 'soft-anti-affinity'",
        ),
        (
            instance(replica_count=4),
            "Validation error: instance['replica_count'] is greater than the maximum of 3",
        ),
    ],
)
def test_refusals_name_field_and_rule(body: bytes, message: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        validate_body(models.InstanceCreate, body)
    assert refusal.value.message == message


@pytest.mark.parametrize("name", ["---", "a\u0000", "a\nb", " "])
def test_names_need_a_letter_or_digit_and_no_control_characters(name: str) -> None:
    with pytest.raises(BadRequest, match=r"instance\['name'\] does not match"):
        validate_body(models.InstanceCreate, instance(name=name))


@pytest.mark.parametrize("size", [0, -1, "0", "", "1.5", 1.5, True, None, "x", 2**40])
def test_volume_sizes_that_are_none(size: object) -> None:
    with pytest.raises(BadRequest, match=r"instance\['volume'\]\['size'\]"):
        validate_body(models.InstanceCreate, instance(volume={"size": size}))


def test_incremental_is_a_number_as_in_trove() -> None:
    assert validate_body(models.BackupCreate, backup(incremental=1)).backup.incremental == 1
    with pytest.raises(BadRequest, match=r"backup\['incremental'\] is not of type 'integer'"):
        validate_body(models.BackupCreate, backup(incremental=True))


def test_values_are_never_repeated() -> None:
    canary = "s3cret-canary"
    body = instance(users=[{"name": "u", "password": [canary]}, {"name": {"x": canary}, "password": canary}])
    with pytest.raises(BadRequest) as refusal:
        validate_body(models.InstanceCreate, body)
    assert canary not in refusal.value.message


def test_actions_are_one_known_word() -> None:
    with pytest.raises(BadRequest, match=r"Additional properties are not allowed \('dance' was unexpected\)"):
        validate_body(models.InstanceAction, b'{"dance":{}}')


def test_query_parameters_are_text_for_what_they_mean() -> None:
    query = validate_query(models.InstancesListParametersQuery, f"limit=5&marker={UUID}&include_clustered=False&x=1")
    assert (query.limit, query.marker, query.include_clustered) == (5, UUID, "False")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=x", "Validation error: limit is not of type 'integer'"),
        ("limit=0", "Validation error: limit is less than the minimum of 1"),
        ("marker=%00", "Validation error: marker does not match"),
        ("limit=x&limit=1", "Validation error: limit is not of type 'integer'"),
    ],
)
def test_query_refusals(query: str, message: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        validate_query(models.InstancesListParametersQuery, query)
    assert refusal.value.message.startswith(message)
