"""Secrets of tenants: which references are none, what a cloud without Barbican says. Barbican is played at the wire."""

from typing import Any

import pytest
from requests_mock import Mocker

from functions.base.errors import BadRequest, NotSupported
from functions.base.settings import get_settings
from functions.cloud.barbican import BarbicanUnavailable, Consumer, KeyManager
from functions.cloud.session import service_session

SECRET = "f2b5c0de-0000-4000-8000-000000000001"
KEYSTONE, CATALOG = "http://192.0.2.5:5000/v3", "http://192.0.2.9:9311"
PLACE = f"{CATALOG}/v1/secrets/{SECRET}"
BINARY = {"content_types": {"default": "application/octet-stream"}}


@pytest.fixture(autouse=True)
def keystone(requests_mock: Mocker, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - as the library types it
    """Keystone, whose next tokens have Barbican in their catalog."""
    values = {"AUTH_URL": KEYSTONE, "USERNAME": "trove", "PASSWORD": "none", "PROJECT_NAME": "service"}
    for name, value in values.items():
        monkeypatch.setenv(f"TROVE_OS_{name}", value)
    requests_mock.get(KEYSTONE, json={"version": {"id": "v3.14", "links": [{"rel": "self", "href": KEYSTONE}]}})
    _forget()
    yield requests_mock.post(f"{KEYSTONE}/auth/tokens", [_token("key-manager", CATALOG)])
    _forget()


def _forget() -> None:
    get_settings.cache_clear()
    service_session.cache_clear()


def _token(service: str, address: str) -> dict[str, Any]:
    """An answer of Keystone's: a token whose catalog has one service."""
    region = get_settings().os_region_name
    endpoint = {"interface": "internal", "url": address, "region": region, "region_id": region}
    token = {"catalog": [{"type": service, "endpoints": [endpoint]}], "expires_at": "2099-01-01T00:00:00.000000Z"}
    return {"json": {"token": token}, "headers": {"X-Subject-Token": "the service's own"}}


@pytest.mark.parametrize(
    "reference", [SECRET, f"{CATALOG}/v1/secrets/{SECRET}", f"https://evil.example/secrets/{SECRET}"]
)
def test_the_catalog_says_where_a_secret_is_not_the_reference(requests_mock: Mocker, reference: str) -> None:
    asked = [requests_mock.get(PLACE, json=BINARY), requests_mock.get(f"{PLACE}/payload", content=b"payload")]
    assert KeyManager("theirs").payload("container_ref", reference) == b"payload"
    tokens = [request.headers["X-Auth-Token"] for place in asked for request in place.request_history]
    assert tokens == ["theirs", "theirs"], "the service's own token must not read a secret"
    assert "theirs" not in repr(KeyManager("theirs"))


@pytest.mark.parametrize(
    "reference", ["", "x", f"{SECRET}/payload", f"{CATALOG}/v1/containers/{SECRET}", f"../{SECRET}"]
)
def test_what_is_no_reference_is_told_with_its_field(requests_mock: Mocker, reference: str) -> None:
    with pytest.raises(BadRequest, match=r"ssl\['password_ref'\] is not the reference"):
        KeyManager("t").payload("password_ref", reference)
    assert requests_mock.call_count == 0


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_secret_of_others_is_as_one_that_is_not_there(requests_mock: Mocker, status: int) -> None:
    requests_mock.get(PLACE, status_code=status)
    with pytest.raises(BadRequest, match="names no secret that you may read"):
        KeyManager("t").payload("container_ref", SECRET)


def test_a_secret_without_a_payload_or_with_too_much_is_refused(requests_mock: Mocker) -> None:
    requests_mock.get(PLACE, [{"json": {"content_types": None}}, {"json": BINARY}])
    requests_mock.get(f"{PLACE}/payload", content=b"x" * 65537)
    with pytest.raises(BadRequest, match="without a payload"):
        KeyManager("t").payload("container_ref", SECRET)
    with pytest.raises(BadRequest, match="more than 65536 bytes"):
        KeyManager("t").payload("container_ref", SECRET)


def test_a_cloud_without_barbican_says_so(requests_mock: Mocker) -> None:
    requests_mock.post(f"{KEYSTONE}/auth/tokens", [_token("object-store", "http://192.0.2.9:8080")])
    with pytest.raises(NotSupported, match="no key manager"):
        KeyManager("t").payload("container_ref", SECRET)


def test_a_key_manager_that_came_after_the_services_token_is_found(requests_mock: Mocker) -> None:
    answers = [_token("object-store", "http://192.0.2.9:8080"), _token("key-manager", CATALOG)]
    requests_mock.post(f"{KEYSTONE}/auth/tokens", answers)
    requests_mock.post(f"{PLACE}/consumers")
    KeyManager("t").register("container_ref", SECRET, Consumer("i"))


def test_a_key_manager_that_fails_may_be_asked_again(requests_mock: Mocker) -> None:
    requests_mock.post(f"{PLACE}/consumers", status_code=503)
    with pytest.raises(BarbicanUnavailable):
        KeyManager("t").register("container_ref", SECRET, Consumer("i"))


def test_a_consumer_of_a_secret_that_is_gone_is_gone(requests_mock: Mocker) -> None:
    requests_mock.delete(f"{PLACE}/consumers", [{"status_code": status} for status in (200, 404, 403)])
    manager = KeyManager("t")
    assert [manager.unregister(SECRET, Consumer("i")) for _ in range(3)] == [True, True, False]
