"""Every datastore version with TLS in each of its modes, with a tenant's certificate from a real Barbican."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from datastores.conformance import Server, Session
from datastores.protocol.tls import TlsMode
from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from tests.e2e.datastores.instances import Instance, create
from tests.support.api import Api, fault
from tests.support.barbican import Secrets
from tests.support.releases import Release
from tests.support.tenants import delete_instance, follow, tenant
from tests.support.tls import Certified, certified, for_tls, packed, written
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("product_environment")


@dataclass(frozen=True)
class Party:
    """An authority of a tenant's, with what it has certified for one instance."""

    authority: Certified
    server: Certified
    files: Path

    @property
    def root(self) -> Path:
        return written(self.files / "root.pem", self.authority.text)

    def client(self, issuer: Certified | None = None) -> Path:
        """A client's certificate and key, of the authority or of another one."""
        made = for_tls("a client", issuer or self.authority)
        path = written(self.files / f"client-{made.certificate.serial_number}.pem", made.text + made.key_text)
        path.chmod(0o600)
        return path


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    cloud.up(extras=["barbican"])
    return tenant(cloud)


@pytest.fixture(scope="module")
def secrets(cloud: Cloud, owner: Tenant) -> Secrets:
    return Secrets(cloud.session("demo"))


@pytest.fixture(scope="module")
def instance(owner: Tenant, release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    made = create(owner, release, tmp_path_factory.mktemp("clients"))
    yield made
    delete_instance(owner, made.id)


@pytest.fixture
def party(instance: Instance, tmp_path: Path) -> Party:
    return new_party(instance, tmp_path)


def new_party(instance: Instance, files: Path, *replicas: str) -> Party:
    authority = certified("the tenant's own authority")
    return Party(authority, for_tls("db.example.com", authority, (instance.server.address, *replicas)), files)


def change(demo: Api, instance: Instance, **asked: object) -> dict[str, Any]:
    """Change TLS, and restart if that is wanted; what the API then shows."""
    reply = demo.call("POST", f"{instance.path}/ssl", json={"ssl": asked})
    assert reply.status_code == 200, reply.text
    if reply.json()["ssl"]["restart_required"]:
        assert instance.status == "RESTART_REQUIRED"
        instance.restart()
    shown: dict[str, Any] = demo.get(f"{instance.path}/ssl?include_certificate=true")["ssl"]
    assert reply.json()["ssl"]["mode"] == shown["mode"]
    return shown


def works(instance: Instance, server: Server) -> bool:
    """Whether a client gets in and reads."""
    try:
        with instance.connect(server) as session:
            session.read()
    except Exception:  # noqa: BLE001 - as many kinds as there are clients
        return False
    return True


def ways(instance: Instance, party: Party) -> dict[str, Server]:
    """How clients may come: with TLS, without, and with certificates."""
    known = replace(instance.server, authority=party.root)
    plain_port = instance.release.datastore.ports[-1]
    return {
        "tls": known,
        "plain": replace(known, authority=None, port=plain_port),
        "certified": replace(known, client=party.client()),
        "certified elsewhere": replace(known, client=party.client(certified("another authority"))),
    }


LET_IN = {TlsMode.BASIC: {"tls", "plain"}, TlsMode.ENFORCED: {"tls"}, TlsMode.MTLS: {"certified"}}


@pytest.mark.parametrize("mode", [TlsMode.ENFORCED, TlsMode.BASIC, TlsMode.MTLS], ids=lambda mode: mode.value)
def test_a_mode_lets_in_whom_it_should(
    demo: Api, instance: Instance, secrets: Secrets, party: Party, mode: TlsMode
) -> None:
    reference = secrets.store(packed(party.server, party.authority))
    asked = {"enable": True, "container_ref": reference, "mode": mode.value}
    if instance.server.authority is None or mode not in instance.release.datastore.tls_modes:
        reply = demo.call("POST", f"{instance.path}/ssl", json={"ssl": asked})
        assert fault(reply)[:2] == (400, "badRequest")
        return
    shown = change(demo, instance, **asked)
    assert (shown["status"], shown["mode"]) == ("on", mode.value)
    assert shown["certificate"]["cn"] == "db.example.com"
    assert shown["certificate"]["san"] == [instance.server.address]
    assert shown["certificate"]["payload"] == party.server.text
    assert secrets.consumers(reference) == {instance.id}
    asking = ("tls", "plain", "certified elsewhere") if mode == TlsMode.MTLS else ("tls", "plain")
    known = ways(instance, party)
    for _restarted in (False, True):
        assert {name for name in (*asking, "certified") if works(instance, known[name])} - {"certified"} == (
            LET_IN[mode] - {"certified"}
        )
        assert works(instance, known["certified"])
        if not _restarted:
            instance.restart()


def test_it_goes_back_to_what_was_before_and_to_the_services_own(
    demo: Api, instance: Instance, secrets: Secrets, party: Party, tmp_path: Path
) -> None:
    if instance.server.authority is None:
        pytest.skip(f"{instance.release} was built without TLS")
    (tmp_path / "second").mkdir()
    parties = [party, new_party(instance, tmp_path / "second")]
    references = [secrets.store(packed(one.server, one.authority)) for one in parties]
    for one, reference in zip(parties, references, strict=True):
        change(demo, instance, enable=True, container_ref=reference, mode="enforced")
        assert works(instance, ways(instance, one)["tls"])
    assert [secrets.consumers(reference) for reference in references] == [set(), {instance.id}]
    change(demo, instance, rollback=True)
    assert [works(instance, ways(instance, one)["tls"]) for one in parties] == [True, False]
    assert [secrets.consumers(reference) for reference in references] == [{instance.id}, set()]
    shown = change(demo, instance, disable=True)
    assert (shown["mode"], shown["certificate"]["cn"]) == ("builtin", instance.id)
    assert "BEGIN CERTIFICATE" in shown["certificate"]["payload"]
    assert works(instance, instance.server)
    assert not works(instance, ways(instance, party)["plain"])
    assert [secrets.consumers(reference) for reference in references] == [set(), set()]


def test_a_certificate_stays_with_its_instance_over_changes_of_the_host(
    demo: Api, owner: Tenant, instance: Instance, secrets: Secrets, party: Party
) -> None:
    """Another flavor, and the software installed again."""
    if instance.server.authority is None:
        pytest.skip(f"{instance.release} was built without TLS")
    reference = secrets.store(packed(party.server, party.authority))
    change(demo, instance, enable=True, container_ref=reference, mode="enforced")
    for kind, action in (
        ("instance_resize", {"resize": {"flavorRef": "2"}}),
        ("instance_resize", {"resize": {"flavorRef": "1"}}),
    ):
        owner.request("POST", f"{instance.path}/action", action)
        follow(owner, kind, instance_id=instance.id)
        assert works(instance, ways(instance, party)["tls"])
    owner.request("PATCH", instance.path, {"instance": {"datastore_version": instance.release.version.name}})
    follow(owner, "instance_upgrade", instance_id=instance.id)
    assert works(instance, ways(instance, party)["tls"])
    change(demo, instance, disable=True)


def await_numbers(session: Session, wanted: set[int]) -> None:
    eventually(lambda: session.read() >= wanted, "the replica has what was written", 30)


@pytest.mark.needs("replication")
def test_members_of_a_group_follow_in_every_mode(
    demo: Api, owner: Tenant, instance: Instance, secrets: Secrets, tmp_path: Path
) -> None:
    """One that came before the mode follows on, one that comes after it follows, and both let in whom they should."""
    if instance.server.authority is None or not instance.release.datastore.replicas:
        pytest.skip(f"{instance.release} has no TLS, or no replicas")
    body = {"instance": {"name": "a member", "replica_of": instance.id}}
    replica_id = owner.request("POST", "/instances", body)["instance"]["id"]
    follow(owner, "replica_create", instance_id=replica_id)
    address = owner.request("GET", f"/instances/{replica_id}")["instance"]["ip"][0]
    party = new_party(instance, tmp_path, address)
    for mode in (TlsMode.MTLS, TlsMode.ENFORCED):
        reference = secrets.store(packed(party.server, party.authority))
        change(demo, instance, enable=True, container_ref=reference, mode=mode.value)
        client = party.client() if mode == TlsMode.MTLS else None
        source = replace(instance.server, authority=party.root, client=client)
        wanted = instance.fresh()
        with instance.connect(source) as session:
            session.write(sorted(wanted))
        owner.request("POST", f"/instances/{replica_id}/action", {"rebuild_replica": {}})
        follow(owner, "replica_rejoin", instance_id=replica_id)
        with instance.connect(replace(source, address=address)) as session:
            await_numbers(session, wanted)
    delete_instance(owner, replica_id)
    change(demo, instance, disable=True)


def test_a_backup_brings_neither_mode_nor_certificate(
    demo: Api, owner: Tenant, instance: Instance, secrets: Secrets, party: Party
) -> None:
    """What `mtls` has made of accounts, where the engine asks by account, is undone in the new instance."""
    modes = instance.release.datastore.tls_modes
    if instance.server.authority is None or TlsMode.MTLS not in modes or not instance.release.can("backup"):
        pytest.skip(f"{instance.release} has no mode mtls, or no backups")
    reference = secrets.store(packed(party.server, party.authority))
    change(demo, instance, enable=True, container_ref=reference, mode="mtls")
    asked = {"backup": {"name": "tls", "instance": instance.id}}
    backup_id = owner.request("POST", "/backups", asked)["backup"]["id"]
    follow(owner, "backup_create", backup_id=backup_id)
    restored = create(owner, instance.release, party.files, instance.server.password, backup_id)
    assert works(restored, restored.server)
    assert demo.get(f"{restored.path}/ssl")["ssl"]["mode"] == "builtin"
    delete_instance(owner, restored.id)
    owner.request("DELETE", f"/backups/{backup_id}")
    change(demo, instance, disable=True)
