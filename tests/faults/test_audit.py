"""The audit of P0 finds each sort of fault that is planted, and nothing in a cloud that is well."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.cloud import Cloud
from deploy.local.hosts.layout import HostDirectory
from functions.base.clock import now
from functions.base.statuses import InstanceStatus, OperationState
from functions.cloud import heat, mistral, swift
from functions.state.database import transaction
from functions.state.hosts.models import Address, Host
from functions.state.instances.models import Instance
from functions.state.operations.models import Operation
from functions.storage.backup_objects import CONTAINER
from functions.topology.stacks import STACK
from tests.support import audit as audits
from tests.support.audit import Reply, audit
from tests.support.operations import host_id_of
from tests.support.records import recorded
from tests.support.tenants import an_instance, follow, project_id, tenant

TEMPLATE = "heat_template_version: 2021-04-16\nresources: {word: {type: OS::Heat::RandomString}}\n"
CANARY = "canary-of-the-audit-4711"


@dataclass(frozen=True)
class Ground:
    """An instance with a backup, all well."""

    cloud: Cloud
    project_id: str
    instance_id: str
    scratch: Path

    @property
    def host(self) -> HostDirectory:
        return HostDirectory.of(self.cloud.state.path, host_id_of(self.instance_id))

    def audit(self, **options: Any) -> list[str]:  # noqa: ANN401 - of audit
        return audit(self.cloud, [self.project_id], **options)


@pytest.fixture(scope="module")
def ground(
    cloud: Cloud, product_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    assert product_environment
    owner = tenant(cloud)
    with an_instance(owner, "audit") as instance:
        body = {"backup": {"name": "audit", "instance": instance.id}}
        backup_id = owner.request("POST", "/backups", body)["backup"]["id"]
        follow(owner, "backup_create", backup_id=backup_id)
        yield Ground(cloud, project_id(cloud), instance.id, tmp_path_factory.mktemp("audit"))
        owner.request("DELETE", f"/backups/{backup_id}")
        follow(owner, "backup_delete", backup_id=backup_id)


@contextmanager
def row(ground: Ground, **values: object) -> Iterator[None]:
    """The instance's row says something else, or with `addresses` its host's."""
    kind, key = (Host, host_id_of(ground.instance_id)) if "addresses" in values else (Instance, ground.instance_id)
    with transaction() as session:
        found = session.get_one(kind, key)
        before = {name: getattr(found, name) for name in values}
        for name, value in values.items():
            setattr(found, name, value)
    try:
        yield
    finally:
        with transaction() as session:
            for name, value in before.items():
                setattr(session.get_one(kind, key), name, value)


@contextmanager
def stack(ground: Ground) -> Iterator[None]:
    template, environment = ground.scratch / "t.yaml", ground.scratch / "e.yaml"
    template.write_text(TEMPLATE)
    environment.write_text("{}\n")
    name = f"{STACK}{uuid.uuid4()}"
    heat.apply(name, template, environment, {})
    yield
    heat.delete(name)


@contextmanager
def file(path: Path, content: str) -> Iterator[None]:
    made = not path.parent.exists()
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    yield
    path.unlink()
    if made:
        path.parent.rmdir()


@contextmanager
def directory(path: Path) -> Iterator[None]:
    path.mkdir()
    yield
    path.rmdir()


@contextmanager
def process(facts: Path) -> Iterator[None]:
    running = subprocess.Popen(
        [sys.executable, "-c", "print('here', flush=True); input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {"TROVE_HOST_FACTS": str(facts)},
    )  # fmt: skip
    assert running.stdout
    running.stdout.readline()
    yield
    running.kill()
    running.communicate()


@contextmanager
def stored(ground: Ground) -> Iterator[None]:
    container, prefix = f"{CONTAINER}{ground.project_id}", f"{uuid.uuid4()}/"
    swift.write_json(container, f"{prefix}segments/00000001", {})
    yield
    swift.delete_prefix(container, prefix)


@contextmanager
def operation(ground: Ground) -> Iterator[None]:
    with transaction() as session:
        about = {"project_id": ground.project_id, "user_id": "tester", "request_id": "req-audit"}
        kind, state = "instance_restart", OperationState.RUNNING
        planted = Operation(type=kind, state=state, deadline=now() + timedelta(hours=1), **about)
        session.add(planted)
    yield
    with transaction() as session:
        session.delete(session.get_one(Operation, planted.id))


@contextmanager
def execution(_ground: Ground) -> Iterator[None]:
    id_ = str(uuid.uuid4())
    mistral.start(id_, "instance_restart", id_, now() + timedelta(hours=1))
    mistral.send("PUT", f"/executions/{id_}", json={"state": "PAUSED"})
    yield
    mistral.cancel(id_)


@contextmanager
def open_transaction(_ground: Ground) -> Iterator[None]:
    with transaction() as session:
        session.get(Instance, "nobody")
        yield


def hosts(ground: Ground) -> Path:
    return ground.host.root.parent


Plant = Callable[[Ground], AbstractContextManager[None]]
PLANTS: dict[str, tuple[Plant, str]] = {
    "operation": (operation, "is still RUNNING"),
    "status": (lambda ground: row(ground, status=InstanceStatus.SHUTDOWN), "its engine serves: True"),
    "size": (lambda ground: row(ground, memory_mb=1), "is recorded as"),
    "quota": (lambda ground: row(ground, volume_size=3), "quota volumes of"),
    "address": (lambda ground: row(ground, addresses=[Address(address="192.0.2.1", type="private")]), "shows the"),
    "stack": (stack, "belongs to no instance"),
    "host": (lambda ground: directory(hosts(ground) / "feedfacefeed"), "host directory feedfacefeed"),
    "process": (lambda ground: process(hosts(ground) / "feedfacefeed" / "facts.json"), "runs on host feedfacefeed"),
    "job": (lambda ground: file(ground.host.root / "jobs/x/status.json", '{"state": "running"}'), "job x on its host"),
    "ssh": (lambda ground: file(ground.host.root / "ssh" / "key", ""), "file key left"),
    "object": (stored, "1 objects below"),
    "execution": (execution, "its operation does not"),
    "lock": (open_transaction, "holds a transaction open"),
    "secret": (lambda ground: file(ground.cloud.state.path / "log" / "canary", CANARY), "the canary in"),
}


def test_a_cloud_that_is_well(ground: Ground) -> None:
    assert ground.audit(canaries={"the canary": [CANARY]}) == []


@pytest.mark.parametrize("sort", PLANTS)
def test_a_planted_fault_is_found(ground: Ground, sort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audits, "QUIET_SECONDS", 0)
    monkeypatch.setattr(audits, "IDLE_SECONDS", 0)
    plant, words = PLANTS[sort]
    with plant(ground):
        found = ground.audit(canaries={"the canary": [CANARY]})
    assert any(words in problem for problem in found), found


def test_rows_without_anything_behind_them_are_found(ground: Ground) -> None:
    with recorded("audit-of-rows", 1) as [id_]:
        found = "\n".join(audit(ground.cloud, ["audit-of-rows"]))
    for words in ("has no stack", "has no host", f"backup {id_} is COMPLETED and Swift", "quota instances"):
        assert words in found


@pytest.mark.parametrize(
    ("reply", "bad"),
    [
        (Reply("GET /", 500, None), True),
        (Reply("GET /", 502, "1"), True),
        (Reply("GET /", 503, None), True),
        (Reply("GET /", 503, "1"), False),
        (Reply("GET /", 422, None), False),
    ],
)
def test_replies_that_no_client_should_get(reply: Reply, bad: bool) -> None:
    assert bool(list(audits.refused([reply]))) is bad
