"""How long writers to a group cannot write: over failovers and promotions; and how fast a replica is made."""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from deploy.local.hosts.layout import HostDirectory
from functions.state.operations import operations
from tests.bench import raw_postgresql
from tests.bench.support import Rates, alternately, at_most, fact, percentile, ratio_at_least, show, spread
from tests.e2e.datastores.instances import Instance, create
from tests.support.groups import Group, delete_group, kill, new_group
from tests.support.operations import host_id_of
from tests.support.releases import releases
from tests.support.tenants import delete_instance, follow, tenant

RELEASE = next(release for release in releases() if str(release) == "postgresql-18")
POLICY: dict[str, object] = {"automatic": True, "mode": "synchronous", "quorum": 1}
KILLS, PROMOTIONS, SEEDS = 20, 7, 3
GOAL_P50, GOAL_P95, SWITCHOVER_GOAL, SEED_GOAL = 10.0, 15.0, 2.0, 0.9
SEED_MEBIBYTES = 1024
pytestmark = pytest.mark.usefixtures("product_environment")


@pytest.fixture(scope="module")
def group(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """A synchronous primary with two replicas."""
    made = new_group(cloud, tenant(cloud), RELEASE, tmp_path_factory.mktemp("group"), POLICY)
    yield made
    delete_group(made)


@pytest.mark.timeout(3600)
def test_failover(group: Group) -> None:
    gaps, lost = [], 0
    for _ in range(KILLS):
        with group.written() as checker:
            at = time.monotonic()
            kill(group)
            former = group.elect()
            checker.go_on()
        group.await_return(former)
        gaps.append(checker.gap(at))
        lost += max(len(checker.lost(member.read())) for member in group.members)
    assert lost == 0
    lines = [
        at_most("failover: last good write → first good write, p50", statistics.median(gaps), GOAL_P50, "s", ""),
        at_most("failover: p95", percentile(gaps, 95), GOAL_P95, "s", ""),
        fact("all of them; acknowledged writes that were lost", f"{spread(gaps)}; {lost}"),
    ]
    show("failover", "Failover: the primary's database is killed, synchronous, two replicas", lines)


def test_switchover(group: Group) -> None:
    gaps = []
    for _ in range(PROMOTIONS):
        with group.written() as checker:
            at = time.monotonic()
            group.promote()
            checker.go_on()
        gaps.append(checker.gap(at))
        group.check(checker)
    lines = [at_most("switchover: gap of writes, p50", statistics.median(gaps), SWITCHOVER_GOAL, "s", "")]
    show("switchover", "Promotion of a replica, with writers", [*lines, fact("all of them", spread(gaps))])


@pytest.mark.timeout(1200)
def test_seed(cloud: Cloud, tmp_path: Path) -> None:
    owner = tenant(cloud)
    source = create(owner, RELEASE, tmp_path, volume=4)
    with source.connect() as session:
        session.fill(SEED_MEBIBYTES)
    host = HostDirectory.of(cloud.state.path, host_id_of(source.id))
    ours, raw = alternately(SEEDS, lambda: replicate(owner, source), lambda: raw_postgresql.copy(host))
    rates = Rates(SEED_MEBIBYTES / statistics.median(ours), SEED_MEBIBYTES / statistics.median(raw), "MiB/s")
    lines = [
        ratio_at_least("a replica of 1 GB: its job / raw pg_basebackup", rates, SEED_GOAL, ""),
        fact("the job: install, copy, start, follow", spread(ours)),
        fact("raw: pg_basebackup of the same server", spread(raw)),
    ]
    show("seed", "Make a replica of 1 GB", lines)
    delete_instance(owner, source.id)


def replicate(owner: Tenant, source: Instance) -> float:
    """Seconds of the job that makes a replica, which is deleted again."""
    body = {"instance": {"name": "seeded", "replica_of": source.id}}
    replica_id = owner.request("POST", "/instances", body)["instance"]["id"]
    operation_id = follow(owner, "replica_create", instance_id=replica_id).id
    [job] = [task for task in operations.load(operation_id).tasks if task.task == "run_replicate"]
    delete_instance(owner, replica_id)
    assert job.ended
    return (job.ended - job.started).total_seconds()
