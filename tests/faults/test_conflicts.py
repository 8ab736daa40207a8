"""Two requests on one instance at the same moment, every pair of kinds (E2 of the catalogue of faults)."""

import itertools
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from datastores.protocol.turns import Lock
from deploy.local.cloud import Cloud
from deploy.local.demo.client import ENDED
from functions.framework.operation import find
from tests.support.audit import audit
from tests.support.tenants import TestInstance, an_instance
from tests.support.waiting import eventually
from tests.support.watched import WatchedTenant

ACCEPTED, BUSY = {200, 202}, {422, 400}
"""An attachment is refused as a bad request, as in Trove."""
Request = Callable[["Ground"], tuple[str, str, dict[str, Any]]]


@dataclass(frozen=True)
class Ground:
    """A tenant's instance with a configuration group to attach."""

    owner: WatchedTenant
    instance: TestInstance
    group: str

    @property
    def path(self) -> str:
        return f"/instances/{self.instance.id}"


def act(ground: Ground, action: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    return "POST", f"{ground.path}/action", action


def other_flavor(ground: Ground) -> str:
    """One that the instance does not have."""
    has = ground.owner.request("GET", ground.path)["instance"]["flavor"]["id"]
    return "2" if has == "1" else "1"


def user(ground: Ground) -> tuple[str, str, dict[str, Any]]:
    made = {"name": f"u{secrets.token_hex(4)}", "password": secrets.token_hex(16)}
    return "POST", f"{ground.path}/users", {"users": [made]}


def backup(ground: Ground) -> tuple[str, str, dict[str, Any]]:
    return "POST", "/backups", {"backup": {"name": "conflict", "instance": ground.instance.id}}


REQUESTS: dict[str, Request] = {
    "instance_restart": lambda ground: act(ground, {"restart": {}}),
    "instance_resize": lambda ground: act(ground, {"resize": {"flavorRef": other_flavor(ground)}}),
    "instance_access": lambda ground: (
        "PUT", ground.path, {"instance": {"access": {"is_public": True, "allowed_cidrs": ["127.0.0.0/8"]}}}
    ),
    "instance_configure": lambda ground: (
        "PUT", ground.path, {"instance": {"configuration": ground.group}}
    ),
    "user_create": user,
    "instance_log": lambda ground: ("POST", f"{ground.path}/log", {"name": "general", "publish": 1}),
    "backup_create": backup,
}  # fmt: skip
PAIRS = list(itertools.combinations_with_replacement(REQUESTS, 2))


@pytest.fixture(scope="module")
def ground(cloud: Cloud, product_environment: dict[str, str]) -> Iterator[Ground]:
    """What all pairs happen on; afterwards the audit finds nothing."""
    assert product_environment
    owner = WatchedTenant(cloud.session("demo"))
    values = {"name": "conflict", "values": {"work_mem": "8MB"}, "datastore": {"type": "postgresql", "version": "18"}}
    group = owner.request("POST", "/configurations", {"configuration": values})["configuration"]["id"]
    with an_instance(owner, "conflicts") as instance:
        yield Ground(owner, instance, group)
        for made in owner.request("GET", "/backups")["backups"]:
            if made["instance_id"] == instance.id:
                owner.request("DELETE", f"/backups/{made['id']}")
        eventually(lambda: not owner.request("GET", "/backups")["backups"], "all backups deleted", 120)
        assert audit(cloud, [owner.project_id], replies=owner.replies) == []
    owner.request("DELETE", f"/configurations/{group}")


@pytest.mark.parametrize("pair", PAIRS, ids=" ".join)
def test_e2_pairs(ground: Ground, pair: tuple[str, str]) -> None:
    answers = at_once(ground, [REQUESTS[kind](ground) for kind in pair])
    wait_for_rest(ground)
    accepted = sum(status in ACCEPTED for status, _ in answers)
    assert accepted >= least(pair), answers
    for status, body in answers:
        if status not in ACCEPTED and "already has configuration group" not in str(body):
            assert status in BUSY, body
            assert "is under way" in str(body)
    assert ground.instance.query("SELECT 1") == [(1,)]
    ground.owner.send("PUT", ground.path, {"instance": {}})
    wait_for_rest(ground)


def least(pair: tuple[str, str]) -> int:
    """How many of the two must be accepted: both, where they bear each other or each waits for the other's end."""
    first, second = (find(kind) for kind in pair)
    together = first.lock.bears(second.lock) or (first.quick and second.quick)
    return 2 if together and pair.count("instance_configure") < len(pair) else 1


def at_once(ground: Ground, requests: list[tuple[str, str, dict[str, Any]]]) -> list[tuple[int, Any]]:
    """Statuses and bodies of requests that are sent at the same moment."""
    start = threading.Barrier(len(requests))

    def send(request: tuple[str, str, dict[str, Any]]) -> tuple[int, Any]:
        start.wait()
        return ground.owner.send(*request)

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def wait_for_rest(ground: Ground) -> None:
    """Return when nothing is under way on the instance."""

    def rests() -> bool:
        listed = ground.owner.request("GET", f"/operations?instance_id={ground.instance.id}&limit=5")["operations"]
        return all(operation["state"] in ENDED for operation in listed)

    eventually(rests, "every operation has ended", 120)


def test_the_pairs_are_of_every_lock_of_an_instance_alone() -> None:
    of_groups = {Lock.MEMBERSHIP, Lock.FAILOVER, Lock.ROLLING}
    assert {find(kind).lock for kind in REQUESTS} == set(Lock) - of_groups
