"""Every datastore version that this machine runs, as its tenants use it: stories by the roles of its engine.

Through the API of the embedded cloud and the database's own clients. `datastores/<name>/conformance.py` says how a
datastore is written to, read, and which of its parameters are tried. The stories of a version share an instance; each
writes numbers of its own, and leaves the instance with the settings, users and databases that it had.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datastores.catalog import Capability
from datastores.conformance import ConformanceRefused, ParameterChange
from deploy.local.cloud import Cloud
from deploy.local.demo.client import DemoError, Tenant
from tests.e2e.datastores.instances import Instance, create
from tests.support.api import LATEST, Api, fault
from tests.support.releases import Release, releases
from tests.support.takeover import OLD, require_takeover
from tests.support.tenants import delete_instance, follow, outcome, project_id, tenant
from tests.support.tls import certified, written
from tests.support.traces import traces

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

RELEASES = releases()
PAIRS = [
    (old, new)
    for new in RELEASES
    for old in RELEASES
    if old.datastore == new.datastore and old.version.name in new.version.upgrades_from
]
"""Versions of which the second takes over the data of the first."""

pytestmark = pytest.mark.usefixtures("product_environment")


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    """Whose instances they are."""
    return tenant(cloud)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where clients have the authorities by which they know servers."""
    return tmp_path_factory.mktemp("clients")


@pytest.fixture(scope="module")
def instance(owner: Tenant, release: Release, files: Path) -> Iterator[Instance]:
    """The instance that the stories of a release share."""
    made = create(owner, release, files)
    yield made
    delete_instance(owner, made.id)


# server


def test_server_is_in_the_catalog_that_the_api_shows(demo: Api, release: Release) -> None:
    shown = demo.get(f"/datastores/{release.datastore.name}")["datastore"]
    assert shown["id"] == release.datastore.id
    assert (release.version.id, release.version.name) in {(item["id"], item["name"]) for item in shown["versions"]}


def test_server_keeps_what_was_written_over_a_restart(instance: Instance) -> None:
    """A datastore that is not durable forgets it."""
    numbers = instance.fresh()
    instance.write(numbers)
    instance.restart()
    assert instance.read() & numbers == instance.durable(numbers)


def test_server_leaves_nothing_when_it_is_deleted(cloud: Cloud, owner: Tenant, release: Release, files: Path) -> None:
    before = traces(cloud, project_id(cloud))
    delete_instance(owner, create(owner, release, files).id)
    assert traces(cloud, project_id(cloud)) == before


def test_server_answers_501_for_a_role_that_it_lacks(demo: Api, instance: Instance) -> None:
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


# tls


def test_tls_lets_clients_know_the_server_by_its_authority(instance: Instance, tmp_path: Path) -> None:
    """A client that trusts this authority works with the server, one that trusts another does not."""
    if instance.server.authority is None:
        pytest.skip(f"{instance.release} was built without TLS")
    numbers = instance.fresh()
    instance.write(numbers)
    stranger = written(tmp_path / "stranger.crt", certified("stranger").text)
    with pytest.raises(Exception, match=r"(?i)certificate.verify.failed"):
        instance.connect(replace(instance.server, authority=stranger)).read()


# tuning


@pytest.mark.needs("configuration", parameter="dynamic")
def test_tuning_puts_a_dynamic_parameter_in_force_at_once_and_takes_it_back(demo: Api, instance: Instance) -> None:
    change = parameter(demo, instance, instance.release.conformance.dynamic, restart_required=False)
    with attached(instance, {change.name: change.value}):
        assert instance.status in {"ACTIVE", "HEALTHY"}
        assert instance.setting(change.name) == change.shown
    assert instance.setting(change.name) != change.shown, "the group is detached and its value still there"


@pytest.mark.needs("configuration", parameter="static")
def test_tuning_puts_a_static_parameter_in_force_with_a_restart(demo: Api, instance: Instance) -> None:
    change = parameter(demo, instance, instance.release.conformance.static, restart_required=True)
    with attached(instance, {change.name: change.value}):
        assert instance.status == "RESTART_REQUIRED"
        instance.restart()
        assert instance.status in {"ACTIVE", "HEALTHY"}
        assert instance.setting(change.name) == change.shown
    instance.restart()
    assert instance.setting(change.name) != change.shown, "the group is detached and its value still there"


@pytest.mark.needs("configuration", parameter="bad")
def test_tuning_refuses_a_value_that_breaks_its_rule(demo: Api, release: Release) -> None:
    bad = release.conformance.bad
    assert bad
    code, _, message = fault(demo.call("POST", "/configurations", json=group_of(release, dict([bad]))))
    assert code == 422
    assert bad[0] in message


@pytest.mark.needs("configuration", parameter="refused")
def test_tuning_changes_nothing_when_the_server_refuses_a_value(owner: Tenant, instance: Instance) -> None:
    """The operation fails and says so, and the database goes on as before."""
    assert instance.release.conformance.refused
    (name, value), numbers = instance.release.conformance.refused, instance.fresh()
    instance.write(numbers)
    group = owner.request("POST", "/configurations", group_of(instance.release, {name: value}))["configuration"]
    try:
        with pytest.raises(DemoError) as refusal:
            owner.request("PUT", instance.path, {"instance": {"configuration": group["id"]}})
            follow(owner, "instance_configure", instance_id=instance.id)
        assert name in str(refusal.value).lower()
        assert instance.read() >= instance.durable(numbers)
    finally:
        owner.request("DELETE", f"/configurations/{group['id']}")


def parameter(
    demo: Api, instance: Instance, change: ParameterChange | None, *, restart_required: bool
) -> ParameterChange:
    """The change, of a parameter that the API describes and that has another value yet."""
    assert change
    release = instance.release
    listed = demo.get(f"/datastores/{release.datastore.name}/versions/{release.version.id}/parameters")
    described = {found["name"]: found for found in listed["configuration-parameters"]}
    assert described[change.name]["restart_required"] is restart_required
    assert instance.setting(change.name) != change.shown, f"{change.name} has the value already"
    return change


def group_of(release: Release, values: dict[str, Any]) -> dict[str, Any]:
    """The body that makes a configuration group."""
    version = {"type": release.datastore.name, "version": release.version.name}
    return {"configuration": {"name": f"conformance-{release}", "values": values, "datastore": version}}


@contextmanager
def attached(instance: Instance, values: dict[str, Any]) -> Iterator[None]:
    """Inside the block the instance has a configuration group with these values."""
    owner = instance.owner
    group = owner.request("POST", "/configurations", group_of(instance.release, values))["configuration"]
    try:
        owner.request("PUT", instance.path, {"instance": {"configuration": group["id"]}})
        follow(owner, "instance_configure", instance_id=instance.id)
        yield
    finally:
        owner.request("PUT", instance.path, {"instance": {}})
        follow(owner, "instance_configure", instance_id=instance.id)
        owner.request("DELETE", f"/configurations/{group['id']}")


# tenants


@pytest.mark.needs("users")
def test_tenants_enter_with_their_password_only(instance: Instance) -> None:
    for wrong in (replace(instance.server, password="wrong"), replace(instance.server, user="nobody-here")):
        with pytest.raises(ConformanceRefused):
            instance.connect(wrong)


@pytest.mark.needs("users")
def test_tenants_users_come_and_go(owner: Tenant, instance: Instance) -> None:
    user = replace(instance.server, user="second", password=secrets.token_hex(16))
    granted = [{"name": instance.server.database}] if instance.server.database else []
    asked = {"name": user.user, "password": user.password, "databases": granted}
    owner.request("POST", f"{instance.path}/users", {"users": [asked]})
    assert "second" in instance.names("users")
    with instance.connect(user):
        pass
    owner.request("DELETE", f"{instance.path}/users/second")
    assert "second" not in instance.names("users")
    with pytest.raises(ConformanceRefused):
        instance.connect(user)


@pytest.mark.needs("databases", "users")
def test_tenants_databases_come_and_go(owner: Tenant, instance: Instance) -> None:
    """A user who is granted a database writes there; deleted, it is not listed any more."""
    user, numbers = (
        replace(instance.server, user="third", password=secrets.token_hex(16), database="more"),
        instance.fresh(),
    )
    owner.request("POST", f"{instance.path}/databases", {"databases": [{"name": "more"}]})
    asked = {"name": user.user, "password": user.password, "databases": [{"name": "more"}]}
    owner.request("POST", f"{instance.path}/users", {"users": [asked]})
    assert "more" in instance.names("databases")
    with instance.connect(user) as session:
        session.write(sorted(numbers))
        assert session.read() == numbers
    owner.request("DELETE", f"{instance.path}/users/third")
    owner.request("DELETE", f"{instance.path}/databases/more")
    assert "more" not in instance.names("databases")


@pytest.mark.needs("root")
def test_tenants_root_reads_everything_until_it_is_disabled(owner: Tenant, instance: Instance) -> None:
    numbers = instance.fresh()
    instance.write(numbers)
    root = owner.request("POST", f"{instance.path}/root")["user"]
    server = replace(instance.server, user=root["name"], password=root["password"])
    with instance.connect(server) as session:
        assert session.read() >= numbers
    owner.request("DELETE", f"{instance.path}/root")
    follow(owner, "root_disable", instance_id=instance.id)
    with pytest.raises(ConformanceRefused):
        instance.connect(server)


# backups


@pytest.mark.needs("backup")
def test_backups_are_restored_each_to_its_own_moment(owner: Tenant, instance: Instance, files: Path) -> None:
    """A full backup and, where the datastore has them, incremental ones upon it."""
    chain: list[tuple[str, set[int]]] = []
    for _ in range(3 if instance.release.can("incremental_backup") else 1):
        instance.write(instance.fresh())
        chain.append((back_up(instance, chain[-1][0] if chain else None), instance.read()))
    instance.write(instance.fresh())
    try:
        for backup_id, numbers in chain:
            restored = create(owner, instance.release, files, instance.server.password, backup_id)
            assert restored.read() == numbers, "the restored data is not that of the moment of the backup"
            delete_instance(owner, restored.id)
    finally:
        owner.request("DELETE", f"/backups/{chain[0][0]}")
        follow(owner, "backup_delete", backup_id=chain[0][0])


def back_up(instance: Instance, parent: str | None) -> str:
    """A COMPLETED backup, incremental where it has a parent."""
    asked = {"name": f"conformance-{instance.release}", "instance": instance.id}
    more: dict[str, Any] = {"parent_id": parent, "incremental": 1} if parent else {}
    backup_id: str = instance.owner.request("POST", "/backups", {"backup": asked | more})["backup"]["id"]
    follow(instance.owner, "backup_create", backup_id=backup_id)
    shown = instance.owner.request("GET", f"/backups/{backup_id}")["backup"]
    assert (shown["status"], shown["parent_id"]) == ("COMPLETED", parent)
    return backup_id


@pytest.mark.needs("users", "backup")
def test_backups_are_made_while_users_come_and_go(owner: Tenant, instance: Instance) -> None:
    users = f"{instance.path}/users"
    asked = {"name": "beside", "instance": instance.id}
    backup_id = owner.request("POST", "/backups", {"backup": asked})["backup"]["id"]
    for name in ("one", "two"):
        owner.request("POST", users, {"users": [{"name": name, "password": secrets.token_hex(16)}]})
        owner.request("DELETE", f"{users}/{name}")
        assert name not in instance.names("users")
    assert outcome(owner, "backup_create", backup_id=backup_id).state == "SUCCEEDED"
    listed = owner.request("GET", f"/operations?instance_id={instance.id}")["operations"]
    [copy] = [seen for seen in listed if seen["backup_id"] == backup_id]
    begun = [seen["created"] for seen in listed if seen["type"] == "user_create"]
    beside = [at for at in begun if copy["created"] < at < copy["ended"]]
    assert beside, "the backup was over before the first user was made"
    owner.request("DELETE", f"/backups/{backup_id}")
    follow(owner, "backup_delete", backup_id=backup_id)


# logs


@pytest.mark.needs("logs")
def test_logs_are_published_for_an_administrator(admin: Api, instance: Instance) -> None:
    """Each log that the datastore names can be published, whether the server has written to it or not."""
    for name in instance.release.datastore.logs:
        reply = admin.call("POST", f"{instance.path}/log", json={"name": name, "publish": 1})
        assert reply.status_code == 200, reply.text
        assert reply.json()["log"]["name"] == name


# conversion


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=[f"{old} to {new.version.name}" for old, new in PAIRS])
def test_conversion_keeps_what_was_written_and_has_no_way_back(
    owner: Tenant, demo: Api, files: Path, old: Release, new: Release
) -> None:
    if str(old) == f"postgresql-{OLD}":
        require_takeover()
    instance = create(owner, old, files)
    numbers = instance.fresh()
    instance.write(numbers)
    owner.request("PUT", instance.path, {"instance": {"datastore_version": new.version.name}})
    follow(owner, "instance_upgrade", instance_id=instance.id)
    shown = owner.request("GET", instance.path)["instance"]
    assert (shown["datastore"]["version"], shown["status"]) == (new.version.name, "ACTIVE")
    server = replace(instance.server, authority=instance.server.authority if shown["tls"] else None)
    assert replace(instance, release=new, server=server).read() == instance.durable(numbers)
    back = {"instance": {"datastore_version": old.version.name}}
    code, _name, message = fault(demo.call("PUT", instance.path, json=back))
    assert (code, "takes over the data of" in message) == (400, True)
    delete_instance(owner, instance.id)
