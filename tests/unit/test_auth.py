"""Authentication when Keystone cannot be had; the rest of it is tested on the embedded cloud."""

import socket
from collections.abc import Iterator

import pytest
from werkzeug.test import Client

from functions.base.settings import get_settings
from functions.entrypoint import auth
from functions.entrypoint.main import application


@pytest.fixture
def keystone_gone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings that name a port where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        values = {
            "TROVE_OS_AUTH_URL": f"http://127.0.0.1:{taken.getsockname()[1]}/v3",
            "TROVE_OS_USERNAME": "trove",
            "TROVE_OS_PASSWORD": "none",
            "TROVE_OS_PROJECT_NAME": "service",
        }
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        _forget()
        yield
    _forget()


def _forget() -> None:
    get_settings.cache_clear()
    auth._build_middleware.cache_clear()


@pytest.mark.usefixtures("keystone_gone")
def test_keystone_that_does_not_answer_is_unavailable() -> None:
    reply = Client(application).get("/v1.0/p/instances", headers={"X-Auth-Token": "token"})
    assert reply.status_code == 503
    assert reply.get_json()["serviceUnavailable"]["code"] == 503
    assert int(reply.headers["Retry-After"]) > 0


@pytest.mark.usefixtures("keystone_gone")
def test_no_token_is_unauthorized_without_asking_keystone() -> None:
    reply = Client(application).get("/v1.0/p/instances")
    assert reply.status_code == 401
    assert reply.get_json()["unauthorized"]["code"] == 401
    assert reply.headers["WWW-Authenticate"].startswith('Keystone uri="http://127.0.0.1:')
