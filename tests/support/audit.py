"""The rule P0 of the catalogue of faults: what must hold once everything is quiet, whatever happened before.

(i) every operation has ended; (ii) the API's state is what Heat, hosts, engines and Swift have; (iii) nothing is left
that no row knows; (iv) quotas count what is there; (v) each effect is there once; (vi) clients saw no 5xx but 503 with
Retry-After; (vii) no secret is in a log or an execution. Needs the fixture `product_environment`.
"""

import json
import socket
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import psutil
from sqlalchemy import select, text

from datastores.catalog import catalog
from deploy.local.cloud import Cloud
from deploy.local.endpoints.layout import EndpointDirectory, endpoints_dir
from deploy.local.hosts.layout import HostDirectory, hosts_dir
from functions.base.statuses import ACTIVE_STATES, BackupStatus, InstanceStatus, OperationState
from functions.cloud import mistral
from functions.framework import operation as operation_kinds
from functions.framework.operation import Part
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.endpoints.models import Endpoint
from functions.state.instances.models import Instance
from functions.state.operations.models import Operation, OperationTarget
from functions.state.quotas import quotas
from functions.steps.control.sweep import execution_id
from functions.storage.backup_objects import CONTAINER, DATA
from functions.topology.endpoints import stack_name
from functions.topology.stacks import STACK
from tests.support.leaks import Needles, control_secrets, dump
from tests.support.operations import host_id_of
from tests.support.traces import objects, stacks

CONNECT_SECONDS = 2.0
QUIET_SECONDS = 45.0
"""Seconds that an execution may outlive its operation: Mistral ends it at once, or the second sweep after that does."""
IDLE_SECONDS = 10
"""Seconds after which a transaction in which nothing happens is a lock that was forgotten."""
SSH_FILES = {"host_key", "host_key-cert.pub", "user_ca.pub"}
SERVER_ERROR, UNAVAILABLE = 500, 503


@dataclass(frozen=True)
class Reply:
    """The response that a client got to a request."""

    request: str
    status: int
    retry_after: str | None


@dataclass(frozen=True)
class Rows:
    """The rows of the state database, of all projects."""

    instances: list[Instance]
    """Those not deleted."""
    backups: list[Backup]
    """Those not deleted."""
    active: list[Operation]
    endpoints: list[Endpoint]
    """Those not deleted."""
    never_made: set[str]
    """Ids of instances whose creation failed: they have a row and nothing else."""

    @classmethod
    def read(cls) -> "Rows":
        """As they are now."""
        made = (
            select(OperationTarget.resource_id)
            .join(Operation)
            .where(OperationTarget.part == Part.NEW, Operation.state == OperationState.FAILED)
        )
        with transaction() as session:
            return cls(
                list(session.scalars(select(Instance).where(Instance.deleted_at.is_(None)))),
                list(session.scalars(select(Backup).where(Backup.deleted_at.is_(None)))),
                list(session.scalars(select(Operation).where(Operation.state.in_(ACTIVE_STATES)))),
                list(session.scalars(select(Endpoint).where(Endpoint.deleted_at.is_(None)))),
                set(session.scalars(made)),
            )

    def with_host(self) -> list[Instance]:
        """The instances that should have a stack and a host."""
        return [instance for instance in self.instances if instance.id not in self.never_made]


def audit(
    cloud: Cloud,
    projects: Collection[str],
    *,
    canaries: Mapping[str, Sequence[str]] | None = None,
    replies: Sequence[Reply] = (),
) -> list[str]:
    """Return a text for each violation of P0.

    Checks the rows of `projects` only, and leftovers in the whole cloud. `canaries` are secrets to search for in
    addition to those of the control plane.
    """
    rows = Rows.read()
    return [
        *_operations(rows, projects),
        *_instances(cloud, rows, projects),
        *_leftovers(cloud, rows),
        *(words for project_id in projects for words in _backups(cloud, rows, project_id)),
        *(words for project_id in projects for words in _quota(cloud, rows, project_id)),
        *_locks(),
        *_executions(),
        *_secrets(cloud, canaries or {}),
        *refused(replies),
    ]


def _operations(rows: Rows, projects: Collection[str]) -> Iterator[str]:
    for operation in rows.active:
        if operation.project_id in projects:
            yield f"operation {operation.type} {operation.id} is still {operation.state}"


def _instances(cloud: Cloud, rows: Rows, projects: Collection[str]) -> Iterator[str]:
    for instance in rows.with_host():
        if instance.project_id in projects:
            yield from _instance(cloud, rows, instance)


def _instance(cloud: Cloud, rows: Rows, instance: Instance) -> Iterator[str]:
    host = HostDirectory.of(cloud.state.path, host_id_of(instance.id))
    if f"{STACK}{instance.id}" not in stacks(cloud):
        yield f"instance {instance.id} is {instance.status} and has no stack"
    if not host.facts_file.exists():
        yield f"instance {instance.id} is {instance.status} and has no host"
        return
    facts = host.facts()
    recorded = (instance.memory_mb, instance.cpus, max(instance.volume_size, 1))
    if recorded != (facts.memory_mb, facts.cpus, facts.volume_gb):
        yield f"instance {instance.id} is recorded as {recorded}; its host is {facts}"
    shown = [entry.address for entry in instance.host.addresses] if instance.host else []
    if shown != [facts.address]:
        yield f"instance {instance.id} shows the addresses {shown}; its host has {facts.address}"
    ports = catalog().datastore_of(instance.datastore_version_id).ports
    serves = listens(facts.address, ports[0])
    expected = {InstanceStatus.ACTIVE: instance.operating_status != "ERROR", InstanceStatus.SHUTDOWN: False}
    if instance.status in expected and serves != expected[InstanceStatus(instance.status)]:
        yield f"instance {instance.id} is {instance.status} {instance.operating_status}; its engine serves: {serves}"
    busy = any(operation.instance_id == instance.id for operation in rows.active)
    for job in [] if busy else sorted((host.root / "jobs").glob("*/status.json")):
        if (state := json.loads(job.read_text())["state"]) in {"claimed", "running"}:
            yield f"instance {instance.id} has no operation; job {job.parent.name} on its host is {state}"
    for name in sorted({path.name for path in (host.root / "ssh").iterdir()} - SSH_FILES):
        yield f"instance {instance.id} has the file {name} left beside its host's keys"


def listens(address: str, port: int) -> bool:
    """Return whether a process accepts connections at the address."""
    try:
        with socket.create_connection((address, port), CONNECT_SECONDS):
            return True
    except OSError:
        return False


def _leftovers(cloud: Cloud, rows: Rows) -> Iterator[str]:
    instances = rows.with_host()
    known = {f"{STACK}{instance.id}" for instance in instances} | {stack_name(each) for each in rows.endpoints}
    for name in sorted(stacks(cloud)):
        if name.startswith(STACK) and name not in known:
            yield f"stack {name} belongs to no instance and no endpoint"
    kept = {EndpointDirectory.of(cloud.state.path, each.id).root.name for each in rows.endpoints}
    for name in sorted({path.name for path in endpoints_dir(cloud.state.path).glob("[!.]*")} - kept):
        yield f"endpoint directory {name} belongs to no endpoint"
    root = hosts_dir(cloud.state.path)
    hosts = {HostDirectory.of(cloud.state.path, host_id_of(instance.id)).root.name for instance in instances}
    there = {path.name for path in root.iterdir() if path.is_dir()}
    for name in sorted(there - hosts):
        yield f"host directory {name} belongs to no instance"
    for process in psutil.process_iter():
        try:
            facts, working = process.environ().get("TROVE_HOST_FACTS", ""), process.cwd().removesuffix(" (deleted)")
        except (psutil.Error, OSError):
            continue
        for place in (facts, working):
            name = place.removeprefix(f"{root}/").partition("/")[0] if place.startswith(f"{root}/") else ""
            if name and name not in hosts:
                yield f"process {process.pid} ({process.name()}) runs on host {name}, which belongs to no instance"
                break
    addresses = Counter(HostDirectory(root / name).facts().address for name in there & hosts)
    yield from (f"address {address} is that of {count} hosts" for address, count in addresses.items() if count > 1)


def _backups(cloud: Cloud, rows: Rows, project_id: str) -> Iterator[str]:
    stored = objects(cloud, f"{CONTAINER}{project_id}")
    alive = {backup.id for backup in rows.backups if backup.status != BackupStatus.FAILED}
    for folder in sorted({name.partition("/")[0] for name in stored} - alive):
        count = sum(name.startswith(f"{folder}/") for name in stored)
        yield f"{count} objects below {folder}/ in {CONTAINER}{project_id} belong to no backup"
    for backup in rows.backups:
        complete = backup.status in (BackupStatus.COMPLETED, BackupStatus.RESTORED)
        if backup.project_id == project_id and complete and f"{backup.id}/{DATA}" not in stored:
            yield f"backup {backup.id} is {backup.status} and Swift does not have it"


def _quota(cloud: Cloud, rows: Rows, project_id: str) -> Iterator[str]:
    """Compare the quotas' use with hosts and Swift; what failed or was never created counts by its row."""
    own = [instance for instance in rows.instances if instance.project_id == project_id]
    hosts = {instance.id: HostDirectory.of(cloud.state.path, host_id_of(instance.id)) for instance in own}
    sizes = {id_: hosts[id_].facts() for id_ in hosts if hosts[id_].facts_file.exists()}
    failed = [instance for instance in own if instance.id in rows.never_made]
    backups = [backup for backup in rows.backups if backup.project_id == project_id]
    stored = {name.partition("/")[0] for name in objects(cloud, f"{CONTAINER}{project_id}")}
    there = {
        "instances": len(sizes) + len(failed),
        "volumes": sum(
            sizes[instance.id].volume_gb for instance in own if instance.volume_size and instance.id in sizes
        )
        + sum(instance.volume_size for instance in failed),
        "ram": sum(facts.memory_mb for facts in sizes.values()) + sum(instance.memory_mb for instance in failed),
        "backups": sum(backup.id in stored or backup.status == BackupStatus.FAILED for backup in backups),
    }
    for quota in quotas.show(project_id):
        if quota.in_use != there[quota.resource]:
            yield f"quota {quota.resource} of {project_id} counts {quota.in_use}; there are {there[quota.resource]}"


def _locks() -> Iterator[str]:
    query = text(
        "SELECT pid, query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND state LIKE 'idle in transaction%' AND state_change < now() - make_interval(secs => :seconds)"
    )
    with transaction() as session:
        for pid, statement in session.execute(query, {"seconds": IDLE_SECONDS}):
            yield f"session {pid} of the state database holds a transaction open after: {statement}"


def _executions() -> Iterator[str]:
    deadline = time.monotonic() + QUIET_SECONDS
    while (alive := _alive_executions()) and time.monotonic() < deadline:
        time.sleep(0.2)
    for execution, workflow in alive:
        yield f"execution {execution} of {workflow} runs; its operation does not; its last tasks: {_tasks(execution)}"


def _tasks(execution: str) -> str:
    """Return the newest tasks of an execution with their states, times and actions."""
    listed = mistral.send("GET", f"/executions/{execution}/tasks?fields=id,name,state,state_info,updated_at")
    told = []
    for task in sorted((listed or {"tasks": []})["tasks"], key=lambda task: str(task["updated_at"]))[-3:]:
        actions = mistral.send("GET", f"/tasks/{task['id']}/action_executions?fields=id,state,created_at,updated_at")
        last = [
            f"{one['state']} {one['created_at']} - {one['updated_at']}" for one in (actions or {})["action_executions"]
        ]
        told.append(
            f"{task['name']} {task['state']} {task['updated_at']} {task['state_info'] or ''} {sorted(last)[-2:]}"
        )
    return "; ".join(told) or "none"


def _alive_executions() -> list[tuple[str, str]]:
    """Return the running executions of operations' workflows whose operation is not active."""
    needed = {execution_id(operation) for operation in Rows.read().active}
    found = []
    for state in ("RUNNING", "PAUSED", "IDLE"):
        listed = mistral.send("GET", f"/executions?state={state}&fields=id,workflow_name,state")
        assert listed is not None
        found += [(entry["id"], entry["workflow_name"]) for entry in listed["executions"]]
    kinds = set(operation_kinds.names())
    return [(execution, name) for execution, name in found if name in kinds and execution not in needed]


def _secrets(cloud: Cloud, canaries: Mapping[str, Sequence[str]]) -> Iterator[str]:
    needles = Needles.of(control_secrets(cloud) | {name: list(words) for name, words in canaries.items()})
    for path, names in sorted(needles.found_below(cloud.state.path / "log").items()):
        yield f"{', '.join(names)} in {path}"
    if names := needles.found_in(dump(cloud, "mistral")):
        yield f"{', '.join(names)} in Mistral's database"


def refused(replies: Sequence[Reply]) -> Iterator[str]:
    """Yield the responses that no client should get: a 5xx other than 503 with Retry-After."""
    for reply in replies:
        if reply.status >= SERVER_ERROR and not (reply.status == UNAVAILABLE and reply.retry_after):
            yield f"{reply.request} was answered {reply.status}, Retry-After {reply.retry_after}"
