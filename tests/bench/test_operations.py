"""Operations a minute through the API, against a bare Mistral workflow of as many no-op tasks.

The operation is `backup_delete` of a backup that has no object: one task, the cheapest there is, so that what is
measured is the machinery and not a database's work. Two more workflows between the two tell where the difference comes
from: the no-ops under the product's own retry, timeout and error rules, and HTTP calls that do nothing under the same.
"""

import copy
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import psutil
import pytest
import yaml
from mistralclient.api.client import client as mistral_client
from sqlalchemy import Engine, create_engine, delete, select, text

from datastores.catalog import catalog
from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from functions.base.clock import now
from functions.base.statuses import BackupStatus, InstanceStatus, OperationState
from functions.cloud import mistral
from functions.state.audit.models import AuditEvent
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.operations import operations
from functions.state.operations.models import Operation, OperationTarget, OperationTask
from tests.bench.support import Line, Rates, alternately, fact, ratio_at_least, show
from tests.support.tenants import tenant
from workflows import operation_files

GOAL = 0.6
AT_ONCE, OPERATIONS, RUNS = 4, 12, 5
LOOK_SECONDS = 0.02
LIMIT_SECONDS = 60
STEPS = 1
"""Tasks of backup_delete, and of a change of accounts."""
SERVICES = ("mistral", "postgres", "keystone", "swift", "entrypoint", "control")
WORKFLOWS = ("bench_bare", "bench_ruled", "bench_http")


def definitions(entrypoint: str) -> dict[str, str]:
    """The text of each workflow to compare with."""
    [ours] = [path for path in operation_files() if path.stem == "backup_delete"]
    defaults = yaml.safe_load(ours.read_text())["backup_delete"]["task-defaults"]
    rules = {name: defaults[name] for name in ("timeout", "safe-rerun", "retry")}
    rules["retry"] = rules["retry"] | {"continue-on": "<% task().result = again %>"}
    noop = {"action": "std.noop"}
    call = {"action": "std.http", "input": {"url": f"{entrypoint}/healthcheck"}}
    return {
        "bench_bare": _workflow("bench_bare", noop, None),
        "bench_ruled": _workflow("bench_ruled", noop, rules),
        "bench_http": _workflow("bench_http", call, rules),
    }


def _workflow(name: str, task: dict[str, Any], defaults: dict[str, Any] | None) -> str:
    tasks = {
        f"task{number}": copy.deepcopy(task) | ({"on-success": [f"task{number + 1}"]} if number < STEPS else {})
        for number in range(1, STEPS + 1)
    }
    body: dict[str, Any] = {"tasks": tasks} | ({"task-defaults": defaults} if defaults else {})
    return yaml.safe_dump({"version": "2.0", name: body}, sort_keys=False)


@pytest.fixture
def workflows(cloud: Cloud, product_environment: dict[str, str]) -> Iterator[None]:
    """The workflows to compare with, registered in the service project."""
    session = cloud.session("trove")
    url = session.get_endpoint(service_type="workflowv2", interface="public")
    registered = mistral_client(mistral_url=url, session=session).workflows
    left = {workflow.name for workflow in registered.list()}
    for name, definition in definitions(cloud.addresses.url("entrypoint")).items():
        (registered.update if name in left else registered.create)(definition)
    yield
    for name in WORKFLOWS:
        registered.delete(name)


@pytest.fixture
def backups(cloud: Cloud, workflows: None) -> Iterator[list[str]]:
    """Backups of the project demo that exist in the state only, and what the operations leave, removed in the end."""
    project_id = str(cloud.session("demo").get_project_id())
    version = catalog().version("postgresql", None).id
    source = Instance(
        id=str(uuid.uuid4()), project_id=project_id, name="bench", datastore_version_id=version, flavor_id="1",
        flavor_name="small", memory_mb=512, cpus=1, volume_size=1, region="RegionOne", status=InstanceStatus.ACTIVE,
    )  # fmt: skip
    ids = [str(uuid.uuid4()) for _ in range((RUNS + 1) * OPERATIONS)]
    with transaction() as session:
        session.add(source)
        session.flush()
        session.add_all(
            Backup(
                id=backup_id, project_id=project_id, instance_id=source.id, name="bench", volume_size=1,
                datastore_version_id=version, status=BackupStatus.COMPLETED,
            )
            for backup_id in ids
        )  # fmt: skip
    yield list(ids)
    with transaction() as session:
        made = list(session.scalars(select(Operation.id).where(Operation.backup_id.in_(ids))))
        for trace in (OperationTask, OperationTarget, AuditEvent):
            session.execute(delete(trace).where(trace.operation_id.in_(made)))
        session.execute(delete(Operation).where(Operation.id.in_(made)))
        session.execute(delete(Backup).where(Backup.id.in_(ids)))
        session.execute(delete(Instance).where(Instance.id == source.id))


@dataclass(frozen=True)
class Batch:
    """What a batch showed: how many a minute, and each service's CPU milliseconds an operation."""

    rate: float
    cpu: dict[str, float]


def test_operations_a_minute(cloud: Cloud, backups: list[str], postgresql_server: str) -> None:
    owner = tenant(cloud)
    database = create_engine(postgresql_server.format("mistral"))
    ended: list[Operation] = []

    def ours() -> None:
        ended.append(delete_backup(database, owner, backups.pop()))

    works: list[Callable[[], None]] = [*(partial(execute, database, workflow) for workflow in WORKFLOWS), ours]
    for warm in works:
        batch(cloud, warm)
    batches = alternately(RUNS, *(partial(batch, cloud, work) for work in works))
    database.dispose()
    assert [operation.state for operation in ended] == [OperationState.SUCCEEDED] * (RUNS + 1) * OPERATIONS
    show("operations", f"Operations a minute: backup_delete ({STEPS} task), {AT_ONCE} at a time", table(*batches))


def batch(cloud: Cloud, work: Callable[[], None]) -> Batch:
    """Do a number of works, so many always under way."""
    before, started = cpu_seconds(cloud), time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(work) for _ in range(OPERATIONS)]:
            done.result()
    spent, after = time.monotonic() - started, cpu_seconds(cloud)
    return Batch(OPERATIONS / spent * 60, {name: (after[name] - before[name]) / OPERATIONS * 1000 for name in SERVICES})


def cpu_seconds(cloud: Cloud) -> dict[str, float]:
    """CPU seconds that each service has used so far."""
    return {name: sum(map(_cpu, _family(cloud.pid(name)))) for name in SERVICES}


def _family(pid: int | None) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def execute(mistral_database: Engine, workflow: str) -> None:
    """Run a workflow to its end."""
    execution_id = str(uuid.uuid4())
    mistral.start(execution_id, workflow, execution_id, now() + timedelta(minutes=5))
    await_success(mistral_database, execution_id)


def delete_backup(mistral_database: Engine, owner: Tenant, backup_id: str) -> Operation:
    """Delete a backup through the API; the operation when it has ended."""
    owner.request("DELETE", f"/backups/{backup_id}")
    with transaction() as session:
        operation_id = session.scalars(select(Operation.id).where(Operation.backup_id == backup_id)).one()
    await_success(mistral_database, operation_id)
    return operations.load(operation_id)


def await_success(mistral_database: Engine, execution_id: str) -> None:
    """Wait for the end of an execution. Looks into the database: asking Mistral costs as much as a task."""
    deadline = time.monotonic() + LIMIT_SECONDS
    query = text("SELECT state FROM workflow_executions_v2 WHERE id = :id")
    while True:
        with mistral_database.connect() as connection:
            state = connection.scalar(query, {"id": execution_id})
        if state not in {None, "RUNNING", "IDLE"}:
            break
        assert time.monotonic() < deadline
        time.sleep(LOOK_SECONDS)
    assert state == "SUCCESS"


def table(bare: list[Batch], ruled: list[Batch], http: list[Batch], ours: list[Batch]) -> list[Line]:
    """The goal first: the middle one of the rounds' ratios; then the CPU of each kind, which others do not disturb."""
    rounds = sorted(zip(bare, ours, strict=True), key=lambda pair: pair[1].rate / pair[0].rate)
    noop, operation = rounds[len(rounds) // 2]
    more = {name: _median_cpu(ours, name) - _median_cpu(bare, name) for name in SERVICES}
    why = ", ".join(f"{name} {ms:+.0f}" for name, ms in more.items() if abs(ms) >= 1)
    rates = Rates(operation.rate, noop.rate, "a minute")
    kinds = {"bare: a no-op": bare, "a no-op under the product's retry and timeout": ruled}
    kinds |= {"an HTTP call that does nothing, under the same": http, "backup_delete": ours}
    return [
        ratio_at_least("backup_delete / bare workflow of a no-op", rates, GOAL, f"CPU ms an operation: {why}"),
        *(fact(f"  {name}", _cost(batches)) for name, batches in kinds.items()),
    ]


def _median_cpu(batches: list[Batch], service: str) -> float:
    return statistics.median(each.cpu[service] for each in batches)


def _cost(batches: list[Batch]) -> str:
    cpu = {name: _median_cpu(batches, name) for name in SERVICES}
    parts = ", ".join(f"{name} {ms:.0f}" for name, ms in cpu.items() if ms >= 1)
    return (
        f"{statistics.median(each.rate for each in batches):.0f} a minute; {sum(cpu.values()):.0f} ms of CPU: {parts}"
    )
