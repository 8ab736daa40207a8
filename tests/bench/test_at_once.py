"""Many instances asked for at once: how long until all are ACTIVE, and how requests are answered meanwhile."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from tests.bench.support import at_most, fact, show, spread
from tests.support.tenants import create_body, delete_instance, tenant

INSTANCES = 10
GOAL_SECONDS, GOAL_ANSWER_MS = 14, 150
LOOK_SECONDS = 0.2
LIMIT_SECONDS = 120


def test_ten_at_once(cloud: Cloud) -> None:
    owner = tenant(cloud)
    began = time.monotonic()
    with ThreadPoolExecutor(INSTANCES) as pool:
        made = list(pool.map(lambda number: create(owner, f"at-once-{number}"), range(INSTANCES)))
    ids, answers = [identifier for identifier, _ in made], [spent for _, spent in made]
    looks = look_until_active(owner, set(ids))
    took = time.monotonic() - began
    for identifier in ids:
        delete_instance(owner, identifier)
    answered = statistics.median([*answers, *looks]) * 1000
    why = f"2 cores run {INSTANCES} initdb beside the cloud's own processes"
    show(
        "at_once",
        f"{INSTANCES} PostgreSQL instances asked for at once",
        [
            at_most("all of them ACTIVE", took, GOAL_SECONDS, "s", why),
            at_most("requests meanwhile, p50", answered, GOAL_ANSWER_MS, "ms", why),
            fact("  creates", spread(answers)),
            fact("  lists", spread(looks)),
        ],
    )


def create(owner: Tenant, name: str) -> tuple[str, float]:
    """Ask for an instance: its id, and the seconds until the answer."""
    sent = time.monotonic()
    shown = owner.request("POST", "/instances", create_body(name, "a-password-of-the-bench"))["instance"]
    return str(shown["id"]), time.monotonic() - sent


def look_until_active(owner: Tenant, ids: set[str]) -> list[float]:
    """List the instances until all are ACTIVE: the seconds of each answer."""
    spent = []
    limit = time.monotonic() + LIMIT_SECONDS
    while True:
        sent = time.monotonic()
        listed = owner.request("GET", "/instances?limit=20")["instances"]
        spent.append(time.monotonic() - sent)
        active = {instance["id"] for instance in listed if instance["status"] == "ACTIVE"}
        if ids <= active:
            return spent
        assert time.monotonic() < limit, [instance["status"] for instance in listed]
        time.sleep(LOOK_SECONDS)
