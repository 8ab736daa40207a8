"""Every datastore version that this machine runs, as its tenants use it, by what it can do: one story of an instance.

Through the API of the embedded cloud and the database's own clients. `datastores/<name>/conformance.py` says how a
datastore is written to, read, and which of its parameters are tried.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from datastores.catalog import Capability
from datastores.conformance import ConformanceRefused, Server, Session
from deploy.local.cloud import Cloud
from deploy.local.demo.client import DemoError, Tenant
from tests.support.api import LATEST, Api, fault
from tests.support.releases import Release
from tests.support.tenants import delete_instance, follow, outcome, project_id, tenant
from tests.support.tls import written
from tests.support.traces import Traces, traces

USER, DATABASE = "tester", "app"
FIRST, SECOND, THIRD = range(1000), range(1000, 1500), range(1500, 1600)
UNSUPPORTED: dict[Capability, tuple[tuple[str, str, dict[str, Any] | None], ...]] = {
    "databases": (("GET", "/instances/{id}/databases", None), ("DELETE", "/instances/{id}/databases/app", None)),
    "users": (
        ("GET", "/instances/{id}/users", None),
        ("POST", "/instances/{id}/users", {"users": [{"name": "second", "password": "secret-enough"}]}),
    ),
    "root": (("POST", "/instances/{id}/root", None), ("GET", "/instances/{id}/root", None)),
    "backup": (("POST", "/backups", {"backup": {"name": "no", "instance": "{id}"}}),),
    "incremental_backup": (("POST", "/backups", {"backup": {"name": "no", "instance": "{id}", "incremental": 1}}),),
    "configuration": (
        ("GET", "/datastores/{datastore}/versions/{version}/parameters", None),
        ("POST", "/configurations", {"configuration": {"name": "no", "values": {"a": 1}, "datastore": {
            "type": "{datastore}", "version": "{version}"}}}),
    ),
    "logs": (("GET", "/instances/{id}/log", None),),
}  # fmt: skip
"""Requests that a datastore without the capability answers with 501."""

pytestmark = pytest.mark.usefixtures("product_environment")


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    """Whose instances they are."""
    return tenant(cloud)


@pytest.fixture(scope="module")
def before(cloud: Cloud, release: Release) -> Traces:
    """What there was before the release's instance."""
    assert release
    return traces(cloud, project_id(cloud))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where clients have the authorities by which they know servers."""
    return tmp_path_factory.mktemp("clients")


@dataclass(frozen=True)
class Instance:
    """An instance of the release under test."""

    id: str
    release: Release
    server: Server

    def connect(self) -> Session:
        """A tenant's session."""
        return self.release.conformance.connect(self.server)

    def read(self) -> set[int]:
        """The numbers in it, by a session of their own."""
        with self.connect() as session:
            return session.read()

    def setting(self, name: str) -> str:
        """A parameter as a tenant sees it."""
        with self.connect() as session:
            return session.setting(name)


def create(owner: Tenant, release: Release, password: str, files: Path, backup_id: str | None = None) -> Instance:
    """An ACTIVE instance, empty or with a backup's data; `files` is a directory for what clients need."""
    datastore = release.datastore
    asked: dict[str, Any] = {"name": f"conformance-{release}", "flavorRef": "1"}
    asked["datastore"] = {"type": datastore.name, "version": release.version.name}
    if datastore.volume:
        asked["volume"] = {"size": 1}
    database = DATABASE if release.can("databases") else None
    user = USER if release.can("users") else None
    if backup_id is not None:
        asked["restorePoint"] = {"backupRef": backup_id}
    else:
        databases = [{"name": name} for name in (database,) if name]
        asked["databases"] = databases
        asked["users"] = [{"name": user, "password": password, "databases": databases}] if user else []
    instance_id = owner.request("POST", "/instances", {"instance": asked})["instance"]["id"]
    follow(owner, "instance_create" if backup_id is None else "instance_restore", instance_id=instance_id)
    shown = owner.request("GET", f"/instances/{instance_id}")["instance"]
    authority = written(files / instance_id, shown["tls"]["ca_certificate"]) if shown["tls"] else None
    server = Server(shown["ip"][0], datastore.ports[0], user, password if user else None, database, authority)
    return Instance(instance_id, release, server)


@pytest.fixture(scope="module")
def instance(owner: Tenant, release: Release, before: Traces, files: Path) -> Instance:
    """The instance that the story is about."""
    assert before
    return create(owner, release, secrets.token_hex(16), files)


def require(release: Release, *capabilities: Capability) -> None:
    """Skip what a datastore cannot do: the test of the unsupported shows that it says so."""
    for capability in capabilities:
        if not release.can(capability):
            pytest.skip(f"{release} does not have the capability {capability}: it answers 501, as tested")


def test_the_catalog_describes_it(demo: Api, release: Release) -> None:
    shown = demo.get(f"/datastores/{release.datastore.name}")["datastore"]
    assert shown["id"] == release.datastore.id
    assert (release.version.id, release.version.name) in {(item["id"], item["name"]) for item in shown["versions"]}


def test_it_is_created_written_restarted_and_read(owner: Tenant, instance: Instance) -> None:
    with instance.connect() as session:
        session.write(FIRST)
        assert session.read() == set(FIRST)
    owner.request("POST", f"/instances/{instance.id}/action", {"restart": {}})
    follow(owner, "instance_restart", instance_id=instance.id)
    expected = set(FIRST) if instance.release.conformance.durable else set()
    assert instance.read() == expected


def test_a_wrong_password_opens_nothing(instance: Instance) -> None:
    require(instance.release, "users")
    with pytest.raises(ConformanceRefused):
        instance.release.conformance.connect(replace(instance.server, password="wrong"))
    with pytest.raises(ConformanceRefused):
        instance.release.conformance.connect(replace(instance.server, user="nobody-here"))


def test_configuration_is_applied_and_shown(owner: Tenant, demo: Api, instance: Instance) -> None:
    require(instance.release, "configuration")
    wanted = instance.release.conformance
    described = parameters(demo, instance.release)
    for change, needs_restart in ((wanted.dynamic, False), (wanted.static, True)):
        if change is None:
            continue
        assert described[change.name]["restart_required"] is needs_restart
        assert instance.setting(change.name) != change.shown, f"{change.name} has the value already"
        with attached(owner, instance, {change.name: change.value}):
            if needs_restart:
                assert status(owner, instance) == "RESTART_REQUIRED"
                owner.request("POST", f"/instances/{instance.id}/action", {"restart": {}})
                follow(owner, "instance_restart", instance_id=instance.id)
            assert status(owner, instance) in {"ACTIVE", "HEALTHY"}
            assert instance.setting(change.name) == change.shown
        if not needs_restart:
            assert instance.setting(change.name) != change.shown, "the group is detached and its value still there"


def parameters(demo: Api, release: Release) -> dict[str, dict[str, Any]]:
    """What can be set, by name, as the API describes it."""
    listed = demo.get(f"/datastores/{release.datastore.name}/versions/{release.version.id}/parameters")
    return {parameter["name"]: parameter for parameter in listed["configuration-parameters"]}


def status(owner: Tenant, instance: Instance) -> str:
    """The instance's status."""
    found: str = owner.request("GET", f"/instances/{instance.id}")["instance"]["status"]
    return found


def group_of(release: Release, values: dict[str, Any]) -> dict[str, Any]:
    """The body that makes a configuration group."""
    version = {"type": release.datastore.name, "version": release.version.name}
    return {"configuration": {"name": f"conformance-{release}", "values": values, "datastore": version}}


@contextmanager
def attached(owner: Tenant, instance: Instance, values: dict[str, Any]) -> Iterator[None]:
    """Inside the block the instance has a configuration group with these values."""
    group_id = owner.request("POST", "/configurations", group_of(instance.release, values))["configuration"]["id"]
    try:
        owner.request("PUT", f"/instances/{instance.id}", {"instance": {"configuration": group_id}})
        follow(owner, "instance_configure", instance_id=instance.id)
        yield
    finally:
        owner.request("PUT", f"/instances/{instance.id}", {"instance": {}})
        follow(owner, "instance_configure", instance_id=instance.id)
        owner.request("DELETE", f"/configurations/{group_id}")


def test_bad_values_are_refused(owner: Tenant, demo: Api, instance: Instance) -> None:
    require(instance.release, "configuration")
    bad, refused = instance.release.conformance.bad, instance.release.conformance.refused
    assert bad, "a datastore with parameters has a value that breaks a rule"
    code, _, message = fault(demo.call("POST", "/configurations", json=group_of(instance.release, dict([bad]))))
    assert code == 422
    assert bad[0] in message
    if refused is not None:
        assert_rolled_back(owner, instance, *refused)


def assert_rolled_back(owner: Tenant, instance: Instance, name: str, value: object) -> None:
    """The engine refuses the value; the operation fails and says so, and the database goes on as before."""
    group_id = owner.request("POST", "/configurations", group_of(instance.release, {name: value}))["configuration"][
        "id"
    ]
    try:
        with pytest.raises(DemoError) as refusal:
            owner.request("PUT", f"/instances/{instance.id}", {"instance": {"configuration": group_id}})
            follow(owner, "instance_configure", instance_id=instance.id)
        assert name in str(refusal.value).lower()
        assert instance.read() >= (set(FIRST) if instance.release.conformance.durable else set())
    finally:
        owner.request("DELETE", f"/configurations/{group_id}")


def test_backups_are_restored_each_to_its_own_moment(owner: Tenant, instance: Instance, files: Path) -> None:
    require(instance.release, "backup")
    chain = [(back_up(owner, instance, None), instance.read())]
    if instance.release.can("incremental_backup"):
        for more in (SECOND, THIRD):
            with instance.connect() as session:
                session.write(more)
            chain.append((back_up(owner, instance, chain[-1][0]), instance.read()))
    with instance.connect() as session:
        session.write([10**6])
    try:
        for backup_id, numbers in chain:
            restored = create(owner, instance.release, str(instance.server.password), files, backup_id)
            assert restored.read() == numbers, "the restored data is not that of the moment of the backup"
            delete_instance(owner, restored.id)
    finally:
        owner.request("DELETE", f"/backups/{chain[0][0]}")
        follow(owner, "backup_delete", backup_id=chain[0][0])


def back_up(owner: Tenant, instance: Instance, parent: str | None) -> str:
    """A COMPLETED backup, incremental where it has a parent."""
    asked = {"name": f"conformance-{instance.release}", "instance": instance.id}
    more: dict[str, Any] = {"parent_id": parent, "incremental": 1} if parent else {}
    backup_id: str = owner.request("POST", "/backups", {"backup": asked | more})["backup"]["id"]
    follow(owner, "backup_create", backup_id=backup_id)
    shown = owner.request("GET", f"/backups/{backup_id}")["backup"]
    assert (shown["status"], shown["parent_id"]) == ("COMPLETED", parent)
    return backup_id


def test_databases_and_users_come_and_go(owner: Tenant, instance: Instance) -> None:
    require(instance.release, "users")
    accounts = f"/instances/{instance.id}"
    second = replace(instance.server, user="second", password=secrets.token_hex(16))
    grants: list[dict[str, str]] = []
    if instance.release.can("databases"):
        owner.request("POST", f"{accounts}/databases", {"databases": [{"name": "more"}]})
        second, grants = replace(second, database="more"), [{"name": "more"}]
        assert names(owner, f"{accounts}/databases") == {DATABASE, "more"}
    user = {"name": second.user, "password": second.password, "databases": grants}
    owner.request("POST", f"{accounts}/users", {"users": [user]})
    assert names(owner, f"{accounts}/users") == {USER, "second"}
    with instance.release.conformance.connect(second) as session:
        session.write([1, 2])
        assert {1, 2} <= session.read()
    owner.request("DELETE", f"{accounts}/users/second")
    assert names(owner, f"{accounts}/users") == {USER}
    with pytest.raises(ConformanceRefused):
        instance.release.conformance.connect(second)
    if grants:
        owner.request("DELETE", f"{accounts}/databases/more")
        assert names(owner, f"{accounts}/databases") == {DATABASE}


def test_users_come_and_go_while_a_backup_is_made(owner: Tenant, instance: Instance) -> None:
    require(instance.release, "users", "backup")
    users = f"/instances/{instance.id}/users"
    asked = {"name": "beside", "instance": instance.id}
    backup_id = owner.request("POST", "/backups", {"backup": asked})["backup"]["id"]
    for name in ("one", "two"):
        owner.request("POST", users, {"users": [{"name": name, "password": secrets.token_hex(16)}]})
        owner.request("DELETE", f"{users}/{name}")
        assert names(owner, users) == {USER}
    assert outcome(owner, "backup_create", backup_id=backup_id).state == "SUCCEEDED"
    listed = owner.request("GET", f"/operations?instance_id={instance.id}")["operations"]
    [copy] = [seen for seen in listed if seen["backup_id"] == backup_id]
    begun = [seen["created"] for seen in listed if seen["type"] == "user_create"]
    beside = [at for at in begun if copy["created"] < at < copy["ended"]]
    assert beside, "the backup was over before the first user was made"
    owner.request("DELETE", f"/backups/{backup_id}")
    follow(owner, "backup_delete", backup_id=backup_id)


def names(owner: Tenant, path: str) -> set[str]:
    """Names of the databases or users that the API lists."""
    return {item["name"] for item in owner.request("GET", path)[path.rpartition("/")[2]]}


def test_root_is_enabled_and_disabled(owner: Tenant, instance: Instance) -> None:
    require(instance.release, "root")
    root = owner.request("POST", f"/instances/{instance.id}/root")["user"]
    server = replace(instance.server, user=root["name"], password=root["password"])
    with instance.release.conformance.connect(server) as session:
        assert set(FIRST) <= session.read()
    owner.request("DELETE", f"/instances/{instance.id}/root")
    follow(owner, "root_disable", instance_id=instance.id)
    with pytest.raises(ConformanceRefused):
        instance.release.conformance.connect(server)


def test_what_it_cannot_do_is_answered_with_501(demo: Api, instance: Instance) -> None:
    words = {
        "{id}": instance.id, "{datastore}": instance.release.datastore.name, "{version}": instance.release.version.id
    }  # fmt: skip
    for capability, requests in UNSUPPORTED.items():
        if instance.release.can(capability):
            continue
        for method, path, body in requests:
            reply = demo.call(method, filled(path, words), json=filled(body, words), headers=LATEST)
            assert fault(reply)[:2] == (501, "notImplemented"), f"{method} {path}: {reply.text}"


def filled(template: Any, words: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    """A template with its words put in."""
    if isinstance(template, dict):
        return {name: filled(value, words) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, words) for value in template]
    for word, meaning in words.items() if isinstance(template, str) else ():
        template = template.replace(word, meaning)
    return template


def test_deleting_it_leaves_nothing(cloud: Cloud, owner: Tenant, instance: Instance, before: Traces) -> None:
    delete_instance(owner, instance.id)
    assert traces(cloud, project_id(cloud)) == before
