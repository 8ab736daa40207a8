"""What is served without a token, and what it costs to get there."""

import subprocess
import sys

import pytest
from werkzeug.test import Client, TestResponse

from functions.entrypoint import models
from functions.entrypoint.main import application

HEAVY = ("pydantic", "structlog", "sqlalchemy", "keystonemiddleware", "oslo_policy", "yaml")


def get(path: str, **headers: str) -> TestResponse:
    return Client(application).get(path, headers=headers)


def test_root_lists_the_version_with_its_microversions() -> None:
    reply = get("/", Host="db.example:8779")
    listed = models.VersionList.model_validate(reply.get_json()).versions
    assert (reply.status_code, len(listed)) == (200, 1)
    assert (listed[0].min_version, listed[0].version) == ("1.0", "1.2")
    assert listed[0].links[0].href == "http://db.example:8779/v1.0/"


@pytest.mark.parametrize("path", ["/v1.0", "/v1.0/", "//v1.0"])
def test_version_document(path: str) -> None:
    reply = get(path)
    assert reply.status_code == 200
    models.VersionShow.model_validate(reply.get_json())


def test_health_check() -> None:
    reply = get("/healthcheck")
    assert (reply.status_code, reply.text, reply.mimetype) == (200, "OK", "text/plain")


def test_every_reply_has_an_id_of_its_own() -> None:
    identifiers = {get(path).headers["x-openstack-request-id"] for path in ("/", "/", "/nothing")}
    assert len(identifiers) == 3
    assert all(identifier.startswith("req-") for identifier in identifiers)


@pytest.mark.parametrize("path", ["/nothing", "/v1.0/p/instances/i/nothing", "/v1.0/p/operations"])
def test_unknown_paths_are_faults(path: str) -> None:
    reply = get(path)
    assert reply.status_code == 404
    assert reply.get_json()["itemNotFound"]["code"] == 404


def test_refused_microversion_is_a_fault() -> None:
    reply = get("/v1.0/p/instances", **{"OpenStack-API-Version": "database 1.99"})
    assert reply.status_code == 406
    assert "maximum is 1.2" in reply.get_json()["notAcceptable"]["message"]


def test_nothing_heavy_is_imported_for_them() -> None:
    program = (
        "import sys; from werkzeug.test import Client; from functions.entrypoint.main import application;"
        "Client(application).get('/'); Client(application).get('/v1.0');"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
