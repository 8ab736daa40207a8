"""Create, from acceptance until the created user can connect, against initdb and start by hand."""

import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field

from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from deploy.local.hosts.layout import HostDirectory
from functions.state.operations import operations
from tests.bench import raw_postgresql
from tests.bench.support import Line, alternately, at_most, fact, show, spread
from tests.support.operations import host_id_of
from tests.support.tenants import TestInstance, an_instance, create_body, delete_instance, follow, tenant

RUNS = 5
GOAL, SHARE_GOAL = 6.0, 1.2
LOOK_SECONDS = 0.05


@dataclass
class Created:
    """One create: seconds until accepted, then until usable, and of each step of the timeline."""

    accepted: float
    usable: float
    steps: dict[str, float] = field(default_factory=dict)
    between: float = 0.0
    """Seconds of the operation in no step: Mistral's."""


def test_create(cloud: Cloud, product_environment: dict[str, str]) -> None:
    owner, project_id = tenant(cloud), project_of(cloud)
    with an_instance(owner, "bench-settings") as standing:
        host = host_of(cloud, standing.id)
        raw: list[float] = []
        made: list[Created] = []
        alternately(
            RUNS, lambda: raw.append(raw_postgresql.create(host)), lambda: made.append(create(owner, project_id))
        )
    assert all(created.steps["job.run"] > 0 for created in made)
    show("create", "Create a PostgreSQL instance: accepted → the created user can connect", table(made, raw))


def project_of(cloud: Cloud) -> str:
    """The project that the benchmarks work in."""
    return str(cloud.session("demo").get_project_id())


def host_of(cloud: Cloud, instance_id: str) -> HostDirectory:
    """The directory of an instance's host."""
    return HostDirectory.of(cloud.state.path, host_id_of(instance_id))


def create(owner: Tenant, project_id: str) -> Created:
    """Create an instance, connect as its user as soon as the API gives an address, and delete it."""
    sent = time.monotonic()
    instance_id = owner.request("POST", "/instances", create_body("bench", "a-password-of-the-bench"))["instance"]["id"]
    accepted = time.monotonic()
    while "ip" not in (shown := owner.request("GET", f"/instances/{instance_id}")["instance"]):
        assert shown["status"] == "BUILD", shown
        time.sleep(LOOK_SECONDS)
    assert TestInstance(instance_id, shown["ip"][0], "a-password-of-the-bench").query("SELECT 42") == [(42,)]
    created = Created(accepted - sent, time.monotonic() - accepted)
    operation = operations.get(project_id, follow(owner, "instance_create", instance_id=instance_id).id)
    for task in operation.tasks:
        assert task.ended
        created.steps[task.step] = (task.ended - task.started).total_seconds()
    assert operation.ended
    created.between = (operation.ended - operation.created).total_seconds() - sum(created.steps.values())
    delete_instance(owner, instance_id)
    return created


def table(made: list[Created], raw: list[float]) -> list[Line]:
    """Goals first, then where the time goes."""
    usable, bare = statistics.median(created.usable for created in made), statistics.median(raw)
    steps: dict[str, list[float]] = defaultdict(list)
    for created in made:
        for name, spent in created.steps.items():
            steps[name].append(spent)
    longest = max(steps, key=lambda name: statistics.median(steps[name]))
    why = f"most of it is {longest}, {statistics.median(steps[longest]):.1f} s; raw took {bare:.1f} s itself"
    return [
        at_most("create, p50", usable, GOAL, "s", why),
        at_most("control-plane share (create - raw)", usable - bare, SHARE_GOAL, "s", why),
        fact("raw: initdb + start, same binaries, user, settings", spread(raw)),
        fact("create", spread([created.usable for created in made])),
        fact("  the request, until accepted (not in it)", spread([created.accepted for created in made])),
        *(fact(f"  {name}", spread(spent)) for name, spent in steps.items()),
        fact("  between the steps (Mistral)", spread([created.between for created in made])),
    ]
