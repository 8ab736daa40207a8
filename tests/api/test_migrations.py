"""The schema comes about from nothing and from every earlier revision, on each supported database, and rows stay."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, selectinload

from functions.base.statuses import HostPhase
from functions.state.hosts import hosts
from functions.state.instances.models import Instance
from functions.state.instances.spec import Access, InstanceSpec
from functions.state.migrations import config, upgrade
from functions.state.operations.models import Operation, OperationError, TaskError
from functions.topology import flavors

THEN = "2026-01-02 03:04:05.678901"


def revisions() -> list[str]:
    """Every revision, the oldest first."""
    script = ScriptDirectory.from_config(config("postgresql+psycopg2://"))
    return [revision.revision for revision in script.walk_revisions()][::-1]


@pytest.mark.parametrize("start", [None, *revisions()])
def test_upgrade_leads_to_the_models(empty_database: str, start: str | None) -> None:
    if start is not None:
        upgrade(empty_database, start)
    upgrade(empty_database)
    upgrade(empty_database)
    command.check(config(empty_database))


# -- rows of the revision before hosts, targets and tasks --------------------------------------------------------------


def insert(session: Session, table: str, **values: object) -> None:
    """Add a row; objects are JSON."""
    stored = {name: json.dumps(value) if isinstance(value, (dict, list)) else value for name, value in values.items()}
    quote = "`" if session.get_bind().dialect.name in ("mysql", "mariadb") else '"'
    columns = ", ".join(f"{quote}{name}{quote}" for name in stored)
    session.execute(
        text(f"INSERT INTO {table} ({columns}) VALUES ({', '.join(f':{name}' for name in stored)})"), stored
    )


def insert_instance(session: Session, name: str, **values: object) -> None:
    """An instance that serves, on host `host of <name>`, unless `values` say otherwise."""
    usual: dict[str, object] = {
        "id": name, "project_id": "p", "name": name, "datastore_version_id": "v15", "flavor_id": "1",
        "memory_mb": 512, "cpus": 1, "volume_size": 1, "region": "r", "status": "ACTIVE", "operating_status": "HEALTHY",
        "access": {"is_public": False, "allowed_cidrs": ["10.0.0.0/8"]}, "host_id": f"host of {name}", "fence": 7,
        "management_address": "127.0.0.1", "management_port": 22, "management_username": "trove",
        "addresses": [{"address": "10.0.0.1", "type": "private"}], "configuration_revision": 0,
        "configuration_values": {"a": 1}, "restart_required": True, "certificate_expires": THEN, "enabled_logs": ["l"],
        "deletion_protection": False, "tags": [], "probe_due": THEN, "silences": 0, "created": THEN, "updated": THEN,
    }  # fmt: skip
    insert(session, "instances", **usual | values)


def insert_operation(session: Session, name: str, kind: str, instance: str, state: str, **values: object) -> None:
    """An operation on an instance."""
    usual: dict[str, object] = {
        "id": name, "project_id": "p", "user_id": "u", "request_id": "r", "type": kind, "state": state,
        "instance_id": instance, "fence": 3, "request": {}, "settlements": 0, "created": THEN, "deadline": THEN,
    }  # fmt: skip
    insert(session, "operations", **usual | values)


@contextmanager
def rows(database_url: str) -> Iterator[Session]:
    """A session of the database, committed at the end of the block."""
    engine = create_engine(database_url)
    with Session(engine) as session, session.begin():
        yield session
    engine.dispose()


def test_rows_become_hosts_targets_and_tasks(empty_database: str) -> None:
    upgrade(empty_database, "0010")
    with rows(empty_database) as session:
        insert_instance(session, "serving", fault={"message": "m", "created": "c", "details": "d"})
        insert_instance(session, "deleted", deleted_at=THEN, flavor_id="of another file")
        insert_instance(session, "made", status="BUILD", management_address=None, addresses=[])
        insert_instance(session, "never made", status="ERROR", management_address=None, addresses=[])
        insert_instance(session, "resized", memory_mb=1024, volume_size=2)
        insert_instance(session, "upgraded")
        insert(
            session, "backups", id="backup", project_id="p", name="b", datastore_version_id="v15", volume_size=1,
            status="BUILDING", instance_id="serving", created=THEN, updated=THEN,
        )  # fmt: skip
        error = {"step": "job.run", "message": "no", "type": "StepFailed"}
        copied = {"backup_id": "backup", "progress": {"phase": "copy", "bytes": 5, "percent": 1.5}}
        insert_operation(session, "ended", "instance_restart", "serving", "FAILED", ended=THEN, error=error)
        insert_operation(session, "copying", "backup_create", "serving", "RUNNING", **copied)
        insert_operation(session, "making", "instance_create", "made", "QUEUED")
        insert_operation(
            session, "resizing", "instance_resize", "resized", "RUNNING", request={"before": {"memory_mb": 512}}
        )
        request = {"before": {}, "datastore_version_id": "v18"}
        insert_operation(session, "upgrading", "instance_upgrade", "upgraded", "RUNNING", request=request)
        insert(
            session, "operation_steps", operation_id="ended", name="job.run", state="ERROR", attempts=2, started=THEN,
            error={"type": "StepFailed", "message": "no"},
        )  # fmt: skip
    upgrade(empty_database)
    with rows(empty_database) as session:
        check_instances(session)
        check_operations(session)


def check_instances(session: Session) -> None:
    """Each instance has the host that it had, in the phase that its own status means."""
    phases = {}
    for name in ("serving", "deleted", "made", "never made", "resized", "upgraded"):
        instance = session.get_one(Instance, name)
        host = hosts.current(session, instance)
        phases[name] = host and host.phase
    assert phases == {
        "serving": HostPhase.SERVING, "deleted": None, "made": HostPhase.PREPARING, "never made": None,
        "resized": HostPhase.SERVING, "upgraded": HostPhase.SERVING,
    }  # fmt: skip
    serving = session.get_one(Instance, "serving")
    assert serving.host is not None and serving.fault is not None
    assert (serving.host.id, serving.host.fence, serving.host.restart_required) == ("host of serving", 7, True)
    assert (serving.host.management_address, serving.host.addresses[0].address) == ("127.0.0.1", "10.0.0.1")
    assert serving.host.certificate_expires == serving.created
    assert serving.spec == InstanceSpec(
        datastore_version_id="v15", flavor_id="1", flavor_name=flavors.get("1").name, memory_mb=512, cpus=1,
        volume_size=1, access=Access(is_public=False, allowed_cidrs=["10.0.0.0/8"]),
        configuration_values={"a": 1}, enabled_logs=["l"],
    )  # fmt: skip
    assert session.get_one(Instance, "deleted").flavor_name == "of another file"
    assert session.get_one(Instance, "upgraded").datastore_version_id == "v18"


def check_operations(session: Session) -> None:
    """Each operation holds what it held, and can give back what its instance was."""
    related = [selectinload(Operation.targets), selectinload(Operation.tasks)]
    found = {operation.id: operation for operation in session.query(Operation).options(*related)}
    held = {
        name: sorted((target.resource_id, target.held) for target in operation.targets if target.held)
        for name, operation in found.items()
    }
    assert held == {
        "ended": [], "copying": [("backup", "copying"), ("serving", "copying")], "making": [("made", "exclusive")],
        "resizing": [("resized", "exclusive")], "upgrading": [("upgraded", "exclusive")],
    }  # fmt: skip
    [ended] = found["ended"].targets
    assert (ended.resource_id, ended.fence, ended.before) == ("serving", 3, None)
    assert found["ended"].error == OperationError(step="job.run", message="no", type="StepFailed")
    progress = found["copying"].progress
    assert progress is not None and (progress.phase, progress.bytes, progress.percent) == ("copy", 5, 1.5)
    [task] = found["ended"].tasks
    assert (task.task, task.target, task.step, task.attempts) == ("job.run", "", "job.run", 2)
    assert task.error == TaskError(type="StepFailed", message="no")
    [resized], [upgraded] = found["resizing"].targets, found["upgrading"].targets
    assert resized.before is not None and resized.after is not None
    assert (resized.before.memory_mb, resized.after.memory_mb, resized.before.volume_size) == (512, 1024, 2)
    assert upgraded.before is not None and upgraded.after is not None
    assert (upgraded.before.datastore_version_id, upgraded.after.datastore_version_id) == ("v15", "v18")
