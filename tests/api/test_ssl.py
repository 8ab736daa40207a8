"""GET and POST /instances/{id}/ssl with a real Barbican: what is refused, renewed, kept secret and left behind."""

import secrets as random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select, update

from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from deploy.local.hosts.layout import HostDirectory
from functions.base.clock import now
from functions.framework import token
from functions.state.database import transaction
from functions.state.hosts.models import Host
from functions.state.instances.models import Instance
from functions.state.tls.models import TlsCertificate
from tests.support.api import LATEST, Api, fault
from tests.support.barbican import Secrets
from tests.support.leaks import Needles, dump
from tests.support.operations import host_id_of
from tests.support.records import recorded
from tests.support.releases import releases
from tests.support.tenants import create_body, delete_instance, follow, tenant
from tests.support.tls import Certified, certified, for_tls, packed, shown_by_postgresql

VERSIONS = [release.version.name for release in releases() if str(release) == "postgresql-15"]
pytestmark = [
    pytest.mark.usefixtures("product_environment"),
    pytest.mark.skipif(not VERSIONS, reason="no PostgreSQL with TLS is here"),
]
AUTHORITY = certified("a tenant's authority")


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    cloud.up(extras=["barbican"])
    return tenant(cloud)


@pytest.fixture(scope="module")
def secrets(cloud: Cloud, owner: Tenant) -> Secrets:
    return Secrets(cloud.session("demo"))


@pytest.fixture(scope="module")
def shown(owner: Tenant) -> Iterator[dict[str, Any]]:
    """An instance whose database serves TLS, as the API shows it."""
    made = new(owner)
    yield made
    delete_instance(owner, made["id"])


@pytest.fixture
def path(demo: Api, shown: dict[str, Any]) -> Iterator[str]:
    """Where its TLS is, which is the service's own before and after."""
    found = f"/instances/{shown['id']}/ssl"
    yield found
    assert demo.call("POST", found, json={"ssl": {"disable": True}}).status_code == 200


def new(owner: Tenant) -> dict[str, Any]:
    body = create_body("ssl", random.token_hex(8), datastore={"type": "postgresql", "version": VERSIONS[0]})
    instance_id = owner.request("POST", "/instances", body)["instance"]["id"]
    follow(owner, "instance_create", instance_id=instance_id)
    found: dict[str, Any] = owner.request("GET", f"/instances/{instance_id}")["instance"]
    return found


def certificate(shown: dict[str, Any], days: float = 30) -> Certified:
    return for_tls("db.example.com", AUTHORITY, (shown["ip"][0],), days)


def enable(demo: Api, path: str, reference: str, **more: str) -> requests.Response:
    return demo.call("POST", path, json={"ssl": {"enable": True, "container_ref": reference, **more}})


# -- what is shown


def test_the_services_own_certificate_is_shown(demo: Api, shown: dict[str, Any], path: str) -> None:
    found = demo.get(path)["ssl"]
    expires = found["certificate"].pop("expire_at")
    assert found == {
        "status": "on", "mode": "builtin", "certificate": {"cn": shown["id"], "san": shown["ip"]},
    }  # fmt: skip
    assert expires == shown["tls"]["certificate_expires"]
    assert "payload" not in demo.get(f"{path}?include_certificate=false")["ssl"]["certificate"]
    payload = demo.get(f"{path}?include_certificate=True")["ssl"]["certificate"]["payload"]
    assert payload.startswith("-----BEGIN CERTIFICATE-----")


def test_a_database_without_tls_is_off(demo: Api) -> None:
    with recorded(demo.project_id, 1) as [instance_id]:
        path = f"/instances/{instance_id}/ssl"
        assert demo.get(path)["ssl"] == {"status": "off", "mode": "builtin", "certificate": None}
        assert demo.get(f"{path}?include_certificate=true")["ssl"]["certificate"] is None
        reply = enable(demo, path, "f2b5c0de-0000-4000-8000-000000000001")
        assert fault(reply)[:2] == (400, "badRequest")
        assert "serves no TLS" in reply.text


# -- what is refused


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "exactly one of 'enable', 'disable' and 'rollback'"),
        ({"enable": False}, "exactly one of"),
        ({"enable": True, "disable": True}, "exactly one of"),
        ({"disable": True, "rollback": True}, "exactly one of"),
        ({"enable": True}, "'container_ref' is a required property"),
        ({"enable": True, "container_ref": ""}, "'container_ref' is a required property"),
        ({"enable": True, "container_ref": "x", "mode": "builtin"}, "ssl['mode'] is not one of"),
        ({"enable": True, "container_ref": "x", "mode": "strict"}, "ssl['mode'] is not one of"),
        ({"enable": "yes", "container_ref": "x"}, "ssl['enable'] is not of type 'boolean'"),
        ({"enable": True, "container_ref": "x", "key": "y"}, "'key' was unexpected"),
        ({"enable": True, "container_ref": "no reference"}, "ssl['container_ref'] is not the reference"),
        ({"enable": True, "container_ref": "http://other.example.com/v1/containers/1"}, "is not the reference"),
        (
            {"enable": True, "container_ref": "f2b5c0de-0000-4000-8000-000000000001"},
            "ssl['container_ref'] names no secret that you may read",
        ),
    ],
)
def test_a_malformed_request_is_400_with_field_and_rule(
    demo: Api, path: str, asked: dict[str, object], words: str
) -> None:
    reply = demo.call("POST", path, json={"ssl": asked})
    assert fault(reply)[:2] == (400, "badRequest")
    assert words in fault(reply)[2]


def test_a_certificate_that_cannot_be_used_is_400(
    demo: Api, secrets: Secrets, shown: dict[str, Any], path: str
) -> None:
    expired = secrets.store(packed(certificate(shown, days=-1), AUTHORITY))
    rootless = secrets.store(packed(certificate(shown)))
    locked = secrets.store(packed(certificate(shown), AUTHORITY, password="a password"))
    for reference, more, words in (
        (secrets.store(b"hello"), {}, "no PKCS#12 file"),
        (expired, {}, "has expired"),
        (rootless, {"mode": "mtls"}, "mtls needs the certificate of the authority"),
        (locked, {}, "password"),
        (locked, {"password_ref": secrets.store_text("another")}, "password"),
        (locked, {"password_ref": "?"}, "ssl['password_ref'] is not the reference"),
    ):
        reply = enable(demo, path, reference, **more)
        assert fault(reply)[:2] == (400, "badRequest")
        assert words in fault(reply)[2]
        assert secrets.consumers(reference) == set()
    assert enable(demo, path, locked, password_ref=secrets.store_text("a password")).status_code == 200


def test_nobody_uses_the_secret_or_the_instance_of_others(
    cloud: Cloud, demo: Api, other: Api, shown: dict[str, Any], path: str
) -> None:
    theirs = Secrets(cloud.session("other")).store(packed(certificate(shown), AUTHORITY))
    reply = enable(demo, path, theirs)
    assert fault(reply)[:2] == (400, "badRequest")
    assert "names no secret that you may read" in fault(reply)[2]
    assert fault(other.call("GET", path))[0] == 404
    assert fault(enable(other, path, theirs))[0] == 404
    assert demo.get(path)["ssl"]["mode"] == "builtin"


def test_a_busy_instance_is_422(demo: Api, owner: Tenant, shown: dict[str, Any], path: str) -> None:
    owner.request("POST", f"/instances/{shown['id']}/action", {"restart": {}})
    assert fault(demo.call("POST", path, json={"ssl": {"disable": True}}))[:2] == (422, "unprocessableEntity")
    follow(owner, "instance_restart", instance_id=shown["id"])


def test_there_is_nothing_to_go_back_to_at_first_and_a_replica_follows_its_primary(demo: Api) -> None:
    with recorded(demo.project_id, 1) as [instance_id]:
        path = f"/instances/{instance_id}/ssl"
        reply = demo.call("POST", path, json={"ssl": {"rollback": True}})
        assert fault(reply)[:2] == (400, "badRequest")
        with transaction() as session:
            session.execute(update(Instance).where(Instance.id == instance_id).values(role="replica"))
        reply = demo.call("POST", path, json={"ssl": {"disable": True}})
        assert fault(reply)[:2] == (400, "badRequest")
        assert "on its primary" in fault(reply)[2]


# -- what is changed


def test_a_change_is_in_force_when_it_is_answered_and_has_an_operation(
    demo: Api, secrets: Secrets, shown: dict[str, Any], path: str
) -> None:
    made = certificate(shown)
    reply = enable(demo, path, secrets.store(packed(made, AUTHORITY)))
    assert reply.json() == {"ssl": {"status": "on", "mode": "basic", "restart_required": False}}
    assert shown_by_postgresql(shown["ip"][0]) == made.certificate
    found = demo.get(path)["ssl"]
    expires = made.certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%S")
    assert found == {
        "status": "on",
        "mode": "basic",
        "certificate": {"cn": "db.example.com", "expire_at": expires, "san": shown["ip"]},
    }
    [newest, *_] = demo.get(f"/operations?instance_id={shown['id']}", headers=LATEST)["operations"]
    operation = demo.get(f"/operations/{newest['id']}", headers=LATEST)["operation"]
    assert (operation["type"], operation["state"]) == ("instance_tls", "SUCCEEDED")
    assert [event["event"] for event in operation["events"]] == ["accepted", "started", "ended"]
    detail = demo.get(f"/instances/{shown['id']}", headers=LATEST)["instance"]
    assert detail["tls"] == {"ca_certificate": AUTHORITY.text, "certificate_expires": expires}
    assert detail["status"] == "ACTIVE"


def test_a_repeated_request_is_answered_once(demo: Api, secrets: Secrets, shown: dict[str, Any], path: str) -> None:
    body = {"ssl": {"enable": True, "container_ref": secrets.store(packed(certificate(shown), AUTHORITY))}}
    headers = {**LATEST, "Idempotency-Key": random.token_hex(8)}
    replies = [demo.call("POST", path, json=body, headers=headers) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [200, 200]
    assert replies[0].json() == replies[1].json()
    listed = demo.get(f"/operations?instance_id={shown['id']}&type=instance_tls", headers=LATEST)["operations"]
    enabled = [item for item in listed if item["created"] >= listed[0]["created"]]
    assert len(enabled) == 1


def test_a_tenants_certificate_that_ends_soon_is_shown_and_not_replaced(
    cloud: Cloud, demo: Api, secrets: Secrets, shown: dict[str, Any], path: str
) -> None:
    made = certificate(shown, days=1)
    assert enable(demo, path, secrets.store(packed(made, AUTHORITY))).status_code == 200
    with transaction() as session:
        host = session.scalar(select(Host).where(Host.instance_id == shown["id"]))
        assert host is not None and host.certificate_expires is not None
        assert host.certificate_expires < now() + timedelta(days=2)
    authorization = f"Bearer {token.issue('sweep', 'sweep', now() + timedelta(minutes=1))}"
    url = f"{cloud.function_urls['certificate']}/certificate.renew"
    reply = requests.post(url, json={}, headers={"Authorization": authorization}, timeout=30).json()
    assert reply["ok"], reply
    assert reply["result"]["renewed"] == 0
    assert shown_by_postgresql(shown["ip"][0]) == made.certificate
    assert demo.get(path)["ssl"]["certificate"]["cn"] == "db.example.com"


def test_only_what_can_come_back_is_kept_and_nothing_after_the_end(demo: Api, owner: Tenant, secrets: Secrets) -> None:
    instance = new(owner)
    path = f"/instances/{instance['id']}/ssl"
    references = [secrets.store(packed(certificate(instance), AUTHORITY)) for _ in range(4)]
    for reference in references:
        assert enable(demo, path, reference).status_code == 200
    assert [secrets.consumers(reference) for reference in references] == [set(), set(), set(), {instance["id"]}]
    assert set(kept(instance["id"])) <= set(references[1:])
    assert set(kept(instance["id"])) >= set(references[2:])
    delete_instance(owner, instance["id"])
    assert kept(instance["id"]) == []
    assert secrets.consumers(references[-1]) == set()


def test_replicas_have_what_their_source_has_and_keep_it_when_that_is_gone(
    demo: Api, owner: Tenant, secrets: Secrets
) -> None:
    source = new(owner)
    first, second = (certificate(source), certificate(source))
    assert enable(demo, f"/instances/{source['id']}/ssl", secrets.store(packed(first, AUTHORITY))).status_code == 200
    body = {"instance": {"name": "its replica", "replica_of": source["id"]}}
    replica_id = owner.request("POST", "/instances", body)["instance"]["id"]
    follow(owner, "replica_create", instance_id=replica_id)
    address = owner.request("GET", f"/instances/{replica_id}")["instance"]["ip"][0]
    assert shown_by_postgresql(address) == first.certificate
    assert enable(demo, f"/instances/{source['id']}/ssl", secrets.store(packed(second, AUTHORITY))).status_code == 200
    for each in (source["ip"][0], address):
        assert shown_by_postgresql(each) == second.certificate
    path = f"/instances/{replica_id}/ssl"
    assert fault(demo.call("POST", path, json={"ssl": {"disable": True}}))[0] == 400
    assert demo.call("POST", path, json={"ssl": {"rollback": True}}).status_code == 200
    assert shown_by_postgresql(address) == first.certificate
    assert shown_by_postgresql(source["ip"][0]) == second.certificate
    owner.request("PATCH", f"/instances/{replica_id}", {"instance": {"replica_of": ""}})
    follow(owner, "replica_detach", instance_id=replica_id)
    delete_instance(owner, source["id"])
    owner.request("POST", f"/instances/{replica_id}/action", {"restart": {}})
    follow(owner, "instance_restart", instance_id=replica_id)
    assert shown_by_postgresql(address) == first.certificate
    delete_instance(owner, replica_id)
    assert kept(source["id"]) == kept(replica_id) == []


def kept(instance_id: str) -> list[str]:
    query = select(TlsCertificate.container_ref).where(TlsCertificate.instance_id == instance_id)
    with transaction() as session:
        return list(session.scalars(query))


def test_the_private_key_is_on_the_host_and_nowhere_else(
    cloud: Cloud, demo: Api, secrets: Secrets, shown: dict[str, Any], path: str
) -> None:
    made = certificate(shown)
    assert enable(demo, path, secrets.store(packed(made, AUTHORITY))).status_code == 200
    needles = Needles.of({"the key": made.key_text.splitlines()[1:-1]})
    host = HostDirectory.of(cloud.state.path, host_id_of(shown["id"])).root
    assert {Path(found).name for found in needles.found_below(host)} == {"server.key"}
    for name in ("trove", "mistral", "heat"):
        assert needles.found_in(dump(cloud, name)) == []
    assert needles.found_below(cloud.state.path / "log") == {}
