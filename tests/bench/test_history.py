"""Reads and the scrape with 5,000 instances and 400,000 ended operations in the state."""

import re
import time
from collections.abc import Iterator
from functools import partial
from urllib.request import urlopen

import pytest
from sqlalchemy import delete, insert, select, text

from deploy.local.cloud import Cloud
from functions.base.ids import new_id
from functions.base.statuses import HostPhase
from functions.state.backups.models import Backup
from functions.state.database import engine, transaction
from functions.state.hosts.models import Host
from functions.state.instances.models import Instance
from functions.state.operations.models import Operation, OperationTask
from tests.bench.support import Line, alternately, at_most, fact, percentile, show
from tests.bench.test_api import Client, Tenancy, a_tenancy, an_instance, client_of
from tests.support.entrypoint import entrypoint

INSTANCES, OPERATIONS = 5000, 400_000
PAGE = 50
ROUNDS = 40
LIST_GOAL_MS, SHOW_GOAL_MS, READ_GOAL_MS = 6, 3, 20

FILL = """
INSERT INTO operations (id, project_id, user_id, request_id, type, state, instance_id, backup_id, request,
    settlements, created, started, ended, deadline, error)
SELECT gen_random_uuid()::text, :project, 'u', 'req-bench-' || n,
    (ARRAY['instance_restart', 'backup_create', 'user_create', 'instance_resize'])[1 + n % 4],
    CASE WHEN n % 1000 = 0 THEN 'NEEDS_OPERATOR' WHEN n % 20 = 0 THEN 'FAILED' ELSE 'SUCCEEDED' END,
    i.id, CASE WHEN n % 4 = 1 THEN i.id END, '{}', 0, t, t, t + interval '20 seconds', t, NULL
FROM generate_series(1, :operations) AS n
JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM instances WHERE project_id = :project) AS i
    ON i.place = 1 + n % :instances
CROSS JOIN LATERAL (SELECT timezone('UTC', now()) - n * interval '15 seconds' - interval '1 hour' AS t) AS times
"""
TASKS = """
INSERT INTO operation_tasks (operation_id, task, target, step, state, attempts, started, ended)
SELECT id, 'run_restart', instance_id, 'job.run', 'SUCCEEDED', 1, created, ended FROM operations
WHERE project_id = :project
"""
TARGETS = """
INSERT INTO operation_targets (operation_id, resource_id, kind, part, fence)
SELECT id, instance_id, 'instance', 'member', 1 FROM operations WHERE project_id = :project
"""


@pytest.fixture
def tenancy(cloud: Cloud, product_environment: dict[str, str]) -> Iterator[Tenancy]:
    """A project with a long history, whose rows are removed in the end."""
    with a_tenancy(cloud) as own:
        try:
            _fill(own.project_id)
            yield own
        finally:
            _clear(own.project_id)


def _fill(project_id: str) -> None:
    sizes = {"project": project_id, "operations": OPERATIONS, "instances": INSTANCES}
    with transaction() as session:
        rows = [an_instance(project_id, number) for number in range(250)]
        columns = [column.key for column in Instance.__table__.columns if getattr(rows[0], column.key) is not None]
        values = [
            {"id": new_id()} | {name: getattr(rows[number % 250], name) for name in columns}
            for number in range(INSTANCES)
        ]
        session.execute(insert(Instance), values)
        session.execute(insert(Host), [{"instance_id": row["id"], "phase": HostPhase.SERVING} for row in values])
        session.execute(
            text(
                "INSERT INTO backups (id, project_id, instance_id, name, datastore_version_id, volume_size, status,"
                " created, updated) SELECT id, project_id, id, name, datastore_version_id, 1, 'COMPLETED', created,"
                " created FROM instances WHERE project_id = :project"
            ),
            {"project": project_id},
        )
        session.execute(text(FILL), sizes)
        session.execute(text(TASKS), sizes)
        session.execute(text(TARGETS), sizes)
    _maintain()


def _clear(project_id: str) -> None:
    with transaction() as session:
        for part in ("operation_tasks", "operation_targets"):
            session.execute(
                text(f"DELETE FROM {part} USING operations o WHERE o.id = operation_id AND o.project_id = :project"),
                {"project": project_id},
            )
        own = select(Instance.id).where(Instance.project_id == project_id)
        session.execute(delete(Host).where(Host.instance_id.in_(own)))
        for kind in (Operation, Backup, Instance):
            session.execute(delete(kind).where(kind.project_id == project_id))
    _maintain()


def _maintain() -> None:
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for kind in (Instance, Backup, Operation, OperationTask):
            connection.execute(text(f"VACUUM ANALYZE {kind.__tablename__}"))


def test_reads_with_a_long_history(cloud: Cloud, tenancy: Tenancy) -> None:
    client = client_of(cloud.addresses.url("entrypoint"), tenancy)
    paths = others(client, tenancy.project_id)
    instance = f"/v1.0/{tenancy.project_id}/instances/{client.page()[1][0]['id']}"
    with entrypoint(cloud, TROVE_PAGE_SIZE=str(PAGE)) as large_pages:
        large = client_of(large_pages, tenancy)
        assert len(large.page()[1]) == PAGE
        works = [partial(_get, client, path) for path in paths.values()]
        listing, showing, scrape, *reads = alternately(
            ROUNDS, large.first_page, partial(_get, client, instance), partial(_scrape, cloud), *works
        )
        large.connection.close()
    client.connection.close()
    lines = table(listing, showing, {"a scrape of /metrics": scrape} | dict(zip(paths, reads, strict=True)))
    show("history", f"Reads with a long history: {INSTANCES:,} instances, {OPERATIONS:,} ended operations", lines)


def others(client: Client, project_id: str) -> dict[str, str]:
    """The paths of all other reads that do not ask a database, by what they are."""
    base = f"/v1.0/{project_id}"
    instance_id = client.page()[1][0]["id"]
    oldest, middle = _nth_operation(project_id, OPERATIONS - 100), _nth_operation(project_id, OPERATIONS // 2)
    queries = (
        "", "type=user_create", "state=SUCCEEDED", "state=NEEDS_OPERATOR", "state=RUNNING",
        "type=instance_restart&state=FAILED", "type=instance_create", "type=backup_create&state=RUNNING",
        "request_id=req-bench-77777", "request_id=req-no", "instance_id=INSTANCE",
        "instance_id=INSTANCE&state=FAILED", "instance_id=INSTANCE&type=user_create",
        "backup_id=INSTANCE", "marker=MIDDLE", "marker=OLDEST",
        "marker=MIDDLE&state=SUCCEEDED", "marker=OLDEST&type=user_create&state=SUCCEEDED",
        "marker=MIDDLE&state=NEEDS_OPERATOR",
    )  # fmt: skip
    named = {
        "list backups": "backups",
        "backups of an instance": "instances/INSTANCE/backups",
        "list schedules": "schedules",
        "show operation": "operations/MIDDLE",
        **{f"operations, {query or 'all'}": f"operations?{query}" for query in queries},
    }
    ids = {"INSTANCE": instance_id, "MIDDLE": middle, "OLDEST": oldest}
    return {what: f"{base}/{re.sub('|'.join(ids), lambda found: ids[found[0]], path)}" for what, path in named.items()}


def headers(client: Client) -> dict[str, str]:
    """Of the newest microversion, in which operations are listed."""
    return {"X-Auth-Token": client.token, "OpenStack-API-Version": "database 1.1"}


def _get(client: Client, path: str) -> float:
    started = time.monotonic()
    client.connection.request("GET", path, headers=headers(client))
    reply = client.connection.getresponse()
    body = reply.read()
    assert reply.status == 200, (path, body)
    return (time.monotonic() - started) * 1000


def _scrape(cloud: Cloud) -> float:
    started = time.monotonic()
    with urlopen(f"{cloud.function_urls['record']}/metrics", timeout=20) as reply:
        assert b"trove_operations" in reply.read()
    return (time.monotonic() - started) * 1000


def _nth_operation(project_id: str, number: int) -> str:
    query = "SELECT id FROM operations WHERE project_id = :project ORDER BY created DESC OFFSET :number LIMIT 1"
    with transaction() as session:
        return str(session.scalar(text(query), {"project": project_id, "number": number}))


def table(listing: list[float], showing: list[float], reads: dict[str, list[float]]) -> list[Line]:
    """Goals first; of all other reads the slowest has one."""
    medians = {what: percentile(times, 50) for what, times in reads.items()}
    slowest = max(medians, key=lambda what: medians[what])
    longest = max(max(times) for times in (listing, showing, *reads.values()))
    return [
        at_most(f"list {PAGE} of {INSTANCES:,}, p50", percentile(listing, 50), LIST_GOAL_MS, "ms", ""),
        at_most("show one, p50", percentile(showing, 50), SHOW_GOAL_MS, "ms", ""),
        at_most("the slowest of all other reads, p50", medians[slowest], READ_GOAL_MS, "ms", slowest),
        *(fact(f"  {what}, p50", f"{median:.3g} ms") for what, median in medians.items()),
        fact("the longest answer of all", f"{longest:.3g} ms"),
    ]
