"""Throughput of backup and restore of more than 1 GiB against the raw pipeline, and the memory they take."""

import secrets
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from datastores.protocol.manifest import INDEX, parse
from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from functions.cloud import swift
from functions.state.backups import backups as backup_state
from functions.state.operations import operations
from functions.storage.backup_objects import container, prefix
from tests.bench.memory import JobMemory, peak_of_service
from tests.bench.raw_pipeline import RawPipeline, RawRestore
from tests.bench.support import Line, Rates, alternately, at_most, fact, ratio_at_least, show, spread
from tests.bench.test_create import host_of, project_of
from tests.support.tenants import TestInstance, create_body, delete_instance, follow, tenant

RUNS = 3
VOLUME_GB = 2
SERVICES = ("entrypoint", "control", "hosts")
GOAL, MEMORY_GOAL_MIB = 1.0, 128
MIB = 1024 * 1024
LEAST_BYTES = 1024 * MIB
FILL = (
    # as pgbench's accounts: rows that compress well
    """CREATE TABLE accounts AS SELECT g AS aid, g % 50 AS bid, (random() * 10000)::int AS abalance,
       repeat(' ', 84)::char(84) AS filler FROM generate_series(1, 4500000) g""",
    # text of 4 random bits a character: it compresses to about half
    """CREATE TABLE documents AS SELECT g AS id, md5(random()::text) || md5(random()::text) || md5(random()::text)
       || md5(random()::text) || md5(random()::text) || md5(random()::text) AS body
       FROM generate_series(1, 2000000) g""",
    "ALTER TABLE accounts ADD PRIMARY KEY (aid)",
)
CHECK = (
    "SELECT (SELECT sum(abalance) FROM accounts), (SELECT count(*) FROM documents), (SELECT min(body) FROM documents)"
)


@dataclass
class Run:
    """One operation of ours: seconds of the job, of the whole operation, and the job's memory."""

    job: float
    whole: float
    memory_mib: float


@dataclass
class Subject:
    """The instance under test and the last backup of it."""

    cloud: Cloud
    owner: Tenant
    instance: TestInstance
    project_id: str
    backup_id: str = ""

    def backup(self) -> Run:
        """Back up; the backup before this one is deleted."""
        self.remove_backup()
        with JobMemory(host_of(self.cloud, self.instance.id)) as memory:
            asked = {"backup": {"name": "bench", "instance": self.instance.id}}
            self.backup_id = self.owner.request("POST", "/backups", asked)["backup"]["id"]
            done = follow(self.owner, "backup_create", backup_id=self.backup_id)
        return self._run(done.id, memory.peak_mib)

    def remove_backup(self) -> None:
        """Delete the last backup, if there is one."""
        if self.backup_id:
            self.owner.request("DELETE", f"/backups/{self.backup_id}")
            follow(self.owner, "backup_delete", backup_id=self.backup_id)

    def sizes(self) -> tuple[int, int]:
        """Bytes of the last backup: of the tar, and stored."""
        backup = backup_state.get(self.project_id, self.backup_id)
        manifest = parse(swift.read(container(backup), prefix(backup) + INDEX))
        return manifest.bytes_raw, manifest.bytes_stored

    def restore(self) -> Run:
        """Restore the last backup into a new instance, look into it and delete it."""
        body = create_body("bench-restored", self.instance.password, restorePoint={"backupRef": self.backup_id})
        body["instance"] |= {"volume": {"size": VOLUME_GB}}
        instance_id = self.owner.request("POST", "/instances", body)["instance"]["id"]
        with JobMemory(host_of(self.cloud, instance_id)) as memory:
            done = follow(self.owner, "instance_restore", instance_id=instance_id)
        address = self.owner.request("GET", f"/instances/{instance_id}")["instance"]["ip"][0]
        restored = TestInstance(instance_id, address, self.instance.password)
        assert restored.query(CHECK) == self.instance.query(CHECK)
        delete_instance(self.owner, instance_id)
        return self._run(done.id, memory.peak_mib)

    def _run(self, operation_id: str, memory_mib: float) -> Run:
        operation = operations.get(self.project_id, operation_id)
        steps = {task.step: task for task in operation.tasks}
        job_ended, ended = steps["job.run"].ended, operation.ended
        assert job_ended and ended
        job = job_ended - steps["job.run"].started
        return Run(job.total_seconds(), (ended - operation.created).total_seconds(), memory_mib)


@contextmanager
def a_filled_instance(owner: Tenant) -> Iterator[TestInstance]:
    """An instance with the data to back up."""
    password = secrets.token_hex(16)
    body = create_body("bench", password, volume={"size": VOLUME_GB})
    instance_id = owner.request("POST", "/instances", body)["instance"]["id"]
    follow(owner, "instance_create", instance_id=instance_id)
    address = owner.request("GET", f"/instances/{instance_id}")["instance"]["ip"][0]
    instance = TestInstance(instance_id, address, password)
    try:
        for statement in FILL:
            instance.query(statement)
        yield instance
    finally:
        delete_instance(owner, instance_id)


@pytest.mark.timeout(600)
def test_backup_and_restore(cloud: Cloud, product_environment: dict[str, str]) -> None:
    owner = tenant(cloud)
    raw_backups: list[float] = []
    backups: list[Run] = []
    raw_restores: list[RawRestore] = []
    restores: list[Run] = []
    with a_filled_instance(owner) as instance:
        subject = Subject(cloud, owner, instance, project_of(cloud))
        raw = RawPipeline(cloud, host_of(cloud, instance.id))
        raw.backup()
        alternately(RUNS, lambda: raw_backups.append(raw.backup()), lambda: backups.append(subject.backup()))
        raw_size, stored_size = subject.sizes()
        alternately(RUNS, lambda: raw_restores.append(raw.restore()), lambda: restores.append(subject.restore()))
        raw.remove()
        subject.remove_backup()
    assert raw_size >= LEAST_BYTES
    title = f"Backup and restore: {raw_size / MIB:.0f} MiB of tar, {stored_size / MIB:.0f} MiB stored"
    lines = [*backup_lines(raw_size, backups, raw_backups), *restore_lines(raw_size, restores, raw_restores)]
    show("backup_restore", title, [*lines, *memory_lines(cloud, [*backups, *restores])])


def compared(what: str, size: int, ours: list[float], raw: list[float]) -> list[Line]:
    """Throughput against the goal, then both times."""
    best, bare = statistics.median(ours), statistics.median(raw)
    rates = Rates(size / MIB / best, size / MIB / bare, "MiB/s")
    why = f"{best - bare:.1f} s more than {bare:.1f} s"
    return [ratio_at_least(what, rates, GOAL, why), fact("  ours", spread(ours)), fact("  raw", spread(raw))]


def backup_lines(size: int, ours: list[Run], raw: list[float]) -> list[Line]:
    """The job against the raw pipeline, then the whole operation."""
    return [
        *compared("backup, the job / raw pipeline", size, [run.job for run in ours], raw),
        fact("  the whole operation, accepted → COMPLETED", spread([run.whole for run in ours])),
    ]


def restore_lines(size: int, ours: list[Run], raw: list[RawRestore]) -> list[Line]:
    """The job against stream, verification and start by hand, then the whole operation, and the raw parts."""
    return [
        *compared("restore, the job / raw pipeline", size, [run.job for run in ours], [run.whole for run in raw]),
        fact("  raw: stream | pg_verifybackup | start", " | ".join(f"{part:.1f} s" for part in _parts(raw))),
        fact("  the whole operation, accepted → ACTIVE", spread([run.whole for run in ours])),
    ]


def _parts(raw: list[RawRestore]) -> list[float]:
    return [
        statistics.median(run.streaming for run in raw),
        statistics.median(run.verifying for run in raw),
        statistics.median(run.starting for run in raw),
    ]


def memory_lines(cloud: Cloud, runs: list[Run]) -> list[Line]:
    """The job's memory on the host against the goal, and the function services' since they started."""
    peaks = {service: peak_of_service(pid) for service in SERVICES if (pid := cloud.pid(service))}
    most = max(run.memory_mib for run in runs)
    assert most > 0
    return [
        at_most(
            "host memory over the engine's, most of all jobs", most, MEMORY_GOAL_MIB, "MiB", "see the segments' size"
        ),
        fact("peak memory of a function process, MiB", ", ".join(f"{name} {peak:.0f}" for name, peak in peaks.items())),
    ]
