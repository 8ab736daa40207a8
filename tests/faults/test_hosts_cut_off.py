"""A host that cannot be reached (C1 of the catalogue of faults): operations wait or end, and nothing leaks."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
import pytest

from deploy.local.cloud import Cloud
from deploy.local.demo.client import DemoError, Tenant
from tests.support.audit import audit
from tests.support.tcp_proxy import Line, TcpProxy, before_host
from tests.support.tenants import TestInstance, an_instance, follow, outcome, project_id, tenant
from tests.support.waiting import eventually

CUT_SECONDS = 8.0
"""Longer than a connection may take to begin, so that a call ends meanwhile."""
READ_SECONDS = 30.0
SPARE_FILES, SPARE_THREADS = 16, 8
CUTS = [line for line in Line if line != Line.SOUND]


@dataclass(frozen=True)
class Ground:
    """A tenant's instance, and the line to its host."""

    cloud: Cloud
    owner: Tenant
    instance: TestInstance
    line: TcpProxy

    def act(self, action: dict[str, object]) -> None:
        self.owner.request("POST", f"/instances/{self.instance.id}/action", action)

    def shown(self) -> str:
        """The operating status."""
        return str(self.owner.request("GET", f"/instances/{self.instance.id}")["instance"]["operating_status"])


@pytest.fixture(scope="module")
def ground(cloud: Cloud, product_environment: dict[str, str]) -> Iterator[Ground]:
    """What all stories happen on; afterwards the audit finds nothing, and the functions hold no more than before."""
    assert product_environment
    owner = tenant(cloud)
    with an_instance(owner, "cut-off") as instance:
        before = held(cloud)
        with before_host(instance.id) as line:
            yield Ground(cloud, owner, instance, line)
            line.turn(Line.SOUND)
            shown = f"/instances/{instance.id}"
            healthy = lambda: owner.request("GET", shown)["instance"]["operating_status"] == "HEALTHY"  # noqa: E731
            eventually(healthy, "operating_status HEALTHY", 120)
        assert audit(cloud, [project_id(cloud)]) == []
        eventually(lambda: within(held(cloud), before), f"files and threads as before: {before}", 120)


def held(cloud: Cloud) -> tuple[int, int]:
    """Files and threads of the functions that reach hosts."""
    process = psutil.Process(cloud.pid("hosts"))
    return process.num_fds(), process.num_threads()


def within(now: tuple[int, int], before: tuple[int, int]) -> bool:
    """Whether not much more is held than before: some threads are made as they are needed, and kept."""
    return now[0] <= before[0] + SPARE_FILES and now[1] <= before[1] + SPARE_THREADS


def cut_during(ground: Ground, kind: str, step: str, line: Line) -> None:
    """The line is so for a while from when the step has begun."""
    limit = time.monotonic() + READ_SECONDS
    while True:
        listed = ground.owner.request("GET", f"/operations?instance_id={ground.instance.id}&limit=1")["operations"]
        assert listed[0]["type"] == kind
        steps = ground.owner.request("GET", f"/operations/{listed[0]['id']}")["operation"]["steps"]
        if any(seen["name"] == step for seen in steps):
            break
        assert time.monotonic() < limit, f"{step} has not begun"
        time.sleep(0.01)
    ground.line.turn(line)
    time.sleep(CUT_SECONDS)
    ground.line.turn(Line.SOUND)


@pytest.mark.parametrize("line", CUTS)
def test_c1_an_operation_outlives_the_cut(ground: Ground, line: Line) -> None:
    ground.act({"restart": {}})
    cut_during(ground, "instance_restart", "job.run", line)
    follow(ground.owner, "instance_restart", instance_id=ground.instance.id)
    assert ground.instance.query("SELECT 1") == [(1,)]


@pytest.mark.parametrize("line", [Line.REFUSED, Line.SILENT])
def test_c1_a_read_ends_in_503_and_the_status_tells(ground: Ground, line: Line) -> None:
    ground.line.turn(line)
    began = time.monotonic()
    with pytest.raises(DemoError, match=r"does not answer now|cannot be asked for now"):
        ground.owner.request("GET", f"/instances/{ground.instance.id}/users")
    assert time.monotonic() - began < READ_SECONDS
    eventually(lambda: ground.shown() == "ERROR", "operating_status ERROR", 90)
    ground.line.turn(Line.SOUND)
    eventually(lambda: ground.shown() == "HEALTHY", "operating_status HEALTHY", 90)
    assert ground.owner.request("GET", f"/instances/{ground.instance.id}/users")["users"]


def test_c1_a_backup_is_cancelled_though_its_host_is_silent(ground: Ground) -> None:
    ground.line.turn(Line.SILENT)
    asked = {"backup": {"name": "cut-off", "instance": ground.instance.id}}
    backup_id = ground.owner.request("POST", "/backups", asked)["backup"]["id"]
    ground.owner.request("DELETE", f"/backups/{backup_id}")
    assert outcome(ground.owner, "backup_create", backup_id=backup_id).state == "CANCELLED"
    ground.line.turn(Line.SOUND)
