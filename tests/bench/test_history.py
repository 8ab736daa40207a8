"""Reads and the scrape with 5,000 instances and 400,000 ended operations in the state."""

import time
from collections.abc import Iterator
from functools import partial
from urllib.request import urlopen

import pytest
from sqlalchemy import delete, insert, text

from deploy.local.cloud import Cloud
from functions.state.database import engine, transaction
from functions.state.models import Backup, Instance, Operation, OperationStep
from tests.bench.support import Line, alternately, at_most, fact, percentile, show
from tests.bench.test_api import Client, Tenancy, a_tenancy, an_instance, client_of

INSTANCES, OPERATIONS = 5000, 400_000
ROUNDS = 40
GOAL_MS = 20

FILL = """
INSERT INTO operations (id, project_id, user_id, request_id, type, state, instance_id, backup_id, fence, request,
    settlements, created, started, ended, deadline, error)
SELECT gen_random_uuid()::text, :project, 'u', 'req-bench-' || n,
    (ARRAY['instance_restart', 'backup_create', 'user_create', 'instance_resize'])[1 + n % 4],
    CASE WHEN n % 1000 = 0 THEN 'NEEDS_OPERATOR' WHEN n % 20 = 0 THEN 'FAILED' ELSE 'SUCCEEDED' END,
    i.id, CASE WHEN n % 4 = 1 THEN i.id END, n / 5000, '{}', 0, t, t, t + interval '20 seconds', t, NULL
FROM generate_series(1, :operations) AS n
JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM instances WHERE project_id = :project) AS i
    ON i.place = 1 + n % :instances
CROSS JOIN LATERAL (SELECT timezone('UTC', now()) - n * interval '15 seconds' - interval '1 hour' AS t) AS times
"""
STEPS = """
INSERT INTO operation_steps (operation_id, name, state, attempts, started, ended)
SELECT id, 'record.succeed', 'SUCCEEDED', 1, created, ended FROM operations WHERE project_id = :project
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
        values = [{name: getattr(rows[number % 250], name) for name in columns} for number in range(INSTANCES)]
        session.execute(insert(Instance), values)
        session.execute(
            text(
                "INSERT INTO backups (id, project_id, instance_id, name, datastore_version_id, volume_size, status,"
                " created, updated) SELECT id, project_id, id, name, datastore_version_id, 1, 'COMPLETED', created,"
                " created FROM instances WHERE project_id = :project"
            ),
            {"project": project_id},
        )
        session.execute(text(FILL), sizes)
        session.execute(text(STEPS), sizes)
    _maintain()


def _clear(project_id: str) -> None:
    with transaction() as session:
        session.execute(
            text(
                "DELETE FROM operation_steps USING operations o WHERE o.id = operation_id AND o.project_id = :project"
            ),
            {"project": project_id},
        )
        for kind in (Operation, Backup, Instance):
            session.execute(delete(kind).where(kind.project_id == project_id))
    _maintain()


def _maintain() -> None:
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for kind in (Instance, Backup, Operation, OperationStep):
            connection.execute(text(f"VACUUM ANALYZE {kind.__tablename__}"))


def test_reads_with_a_long_history(cloud: Cloud, tenancy: Tenancy) -> None:
    client = client_of(cloud.addresses.url("entrypoint"), tenancy)
    base = f"/v1.0/{tenancy.project_id}"
    client.connection.request("GET", f"{base}/operations", headers=headers(client))
    client.connection.getresponse().read()
    instance_id = client.page()[1][0]["id"]
    oldest = _nth_operation(tenancy.project_id, OPERATIONS - 100)
    middle = _nth_operation(tenancy.project_id, OPERATIONS // 2)
    paths = {
        "list instances": f"{base}/instances",
        "show instance": f"{base}/instances/{instance_id}",
        "list backups": f"{base}/backups",
        "backups of an instance": f"{base}/instances/{instance_id}/backups",
        "list schedules": f"{base}/schedules",
        "show operation": f"{base}/operations/{middle}",
        **{
            f"operations, {query or 'all'}": f"{base}/operations?{query}"
            for query in (
                "", "type=user_create", "state=SUCCEEDED", "state=NEEDS_OPERATOR", "state=RUNNING",
                "type=instance_restart&state=FAILED", "type=instance_create", "type=backup_create&state=RUNNING",
                "request_id=req-bench-77777", "request_id=req-no", f"instance_id={instance_id}",
                f"instance_id={instance_id}&state=FAILED", f"instance_id={instance_id}&type=user_create",
                f"backup_id={instance_id}", f"marker={middle}", f"marker={oldest}",
                f"marker={middle}&state=SUCCEEDED", f"marker={oldest}&type=user_create&state=SUCCEEDED",
                f"marker={middle}&state=NEEDS_OPERATOR",
            )
        },
    }  # fmt: skip
    spent = alternately(ROUNDS, *(partial(_get, client, path) for path in paths.values()), partial(_scrape, cloud))
    client.connection.close()
    words = [*(name.replace(instance_id, "ID").replace(middle, "ID").replace(oldest, "ID") for name in paths), "scrape"]
    show(f"Reads with {INSTANCES} instances and {OPERATIONS} ended operations", table(words, spent))


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


def table(words: list[str], spent: list[list[float]]) -> list[Line]:
    """One line a read."""
    goals = [
        at_most(f"{word}, p50", percentile(times, 50), GOAL_MS, "ms", "")
        for word, times in zip(words, spent, strict=True)
    ]
    slowest = max(max(times) for times in spent)
    return [*goals, fact("the slowest of all", f"{slowest:.3g} ms")]
