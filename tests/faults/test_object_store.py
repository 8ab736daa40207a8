"""Swift fails, is slow, cuts, forgets and damages (B1, B2, B3, B6 and B7 of the catalogue of faults), at the wire."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import pytest

from datastores.host import download, tempurl
from datastores.host.errors import DamagedBackup, StorageError
from datastores.protocol.manifest import INDEX
from datastores.protocol.storage import Prefix
from deploy.local.cloud import Cloud
from deploy.local.demo.client import DemoError, Operation, Tenant
from functions.base.clock import now
from functions.cloud import swift
from functions.storage.backup_objects import CONTAINER
from tests.support.audit import audit
from tests.support.store_proxy import SOUND, Fault, Plan, StoreProxy, before_swift
from tests.support.tenants import TestInstance, an_instance, delete_instance, follow, outcome, project_id, tenant
from tests.support.waiting import eventually

ROWS = 200_000
FLIPS = 200
DIGEST = "SELECT count(*), md5(string_agg(n::text, ',' ORDER BY n)) FROM t"
QUICK = tempurl.Retry(0.01, 0.02, 0.2)
REFUSED = r"badRequest|unprocessableEntity|conflict|use"
TROUBLES = [Fault(500), Fault(503, retry_after=1), Fault(429, retry_after=1)]


@dataclass(frozen=True)
class Ground:
    """A tenant's instance and a sound backup of it, and the proxy that all use Swift through."""

    cloud: Cloud
    owner: Tenant
    store: StoreProxy
    source: TestInstance
    backup_id: str
    project_id: str

    def start(self, **more: Any) -> str:  # noqa: ANN401 - of the request
        body = {"backup": {"name": "store", "instance": self.source.id} | more}
        return str(self.owner.request("POST", "/backups", body)["backup"]["id"])

    def restore(self, backup_id: str) -> str:
        instance = {"name": "store", "flavorRef": "1", "volume": {"size": 1}, "restorePoint": {"backupRef": backup_id}}
        return str(self.owner.request("POST", "/instances", {"instance": instance})["instance"]["id"])

    def ended(self, backup_id: str) -> Operation:
        return outcome(self.owner, "backup_create", backup_id=backup_id)

    def delete(self, backup_id: str) -> None:
        self.owner.request("DELETE", f"/backups/{backup_id}")
        follow(self.owner, "backup_delete", backup_id=backup_id)

    def restored(self, instance_id: str) -> list[tuple[Any, ...]]:
        """What is in a restored instance, which is deleted then."""
        shown = self.owner.request("GET", f"/instances/{instance_id}")["instance"]
        found = TestInstance(instance_id, shown["ip"][0], self.source.password).query(DIGEST)
        delete_instance(self.owner, instance_id)
        return found

    def audit(self) -> list[str]:
        return audit(self.cloud, [self.project_id])

    def address(self, backup_id: str) -> dict[str, str]:
        """A backup as a host is given it to read."""
        expires = now() + timedelta(hours=1)
        return asdict(swift.prefix_tempurl("GET", f"{CONTAINER}{self.project_id}", f"{backup_id}/", expires)) | {
            "url_prefix": f"{self.store.url}/v1/AUTH_{self.service}/{CONTAINER}{self.project_id}/{backup_id}/"
        }

    @property
    def service(self) -> str:
        return str(self.cloud.session("trove").get_project_id())

    def requests(self, wanted: str) -> list[str]:
        """The segments that were asked for by a method so far."""
        return [path for _at, method, path, _fault in self.store.seen if method == wanted and "/segments/" in path]


@pytest.fixture(scope="module")
def made(cloud: Cloud, product_environment: dict[str, str]) -> Iterator[Ground]:
    assert product_environment
    owner = tenant(cloud)
    with before_swift(cloud) as store, an_instance(owner, "store") as source:
        source.query(f"CREATE TABLE t AS SELECT generate_series(1, {ROWS}) AS n")
        ground = Ground(cloud, owner, store, source, "", project_id(cloud))
        backup_id = ground.start()
        follow(owner, "backup_create", backup_id=backup_id)
        yield Ground(cloud, owner, store, source, backup_id, ground.project_id)
        store.reset()
        ground.delete(backup_id)


@pytest.fixture
def ground(made: Ground) -> Iterator[Ground]:
    made.store.reset()
    yield made
    made.store.reset()
    assert made.source.query(DIGEST) == made.source.query(DIGEST), "the database serves"


def at_random(rate: float, seed: int) -> Plan:
    """Troubles at a rate, whatever the request."""
    chance = random.Random(seed)
    return lambda _method, _path: chance.choice(TROUBLES) if chance.random() < rate else SOUND


def first(faults: list[Fault], method: str) -> Plan:
    """The first requests for each segment by a method have these faults, in order."""
    counts: Counter[str] = Counter()

    def plan(asked: str, path: str) -> Fault:
        if asked != method or "/segments/" not in path:
            return SOUND
        counts[path] += 1
        return faults[counts[path] - 1] if counts[path] <= len(faults) else SOUND

    return plan


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_b1_errors_at_a_rate(ground: Ground, rate: float) -> None:
    ground.store.plan = at_random(rate, seed=7)
    backup_id = ground.start()
    ended = ground.ended(backup_id)
    assert ground.store.faults()
    ground.store.reset()
    assert ended.state == "SUCCEEDED" or (rate > 0.1 and ended.state == "FAILED"), ended.error
    assert ground.audit() == []
    ground.delete(backup_id)


def test_b1_retry_after_is_honoured(ground: Ground) -> None:
    ground.store.plan = first([Fault(503, retry_after=3)], "PUT")
    backup_id = ground.start()
    assert ground.ended(backup_id).state == "SUCCEEDED"
    at, again = [seen[0] for seen in ground.store.seen if seen[1] == "PUT" and seen[2] == ground.requests("PUT")[0]]
    assert again - at >= 3
    ground.delete(backup_id)


def test_b1_a_slow_store_costs_no_disk_and_no_service(ground: Ground) -> None:
    ground.store.plan = first([Fault(bytes_per_second=400_000)], "PUT")
    backup_id = ground.start()
    eventually(lambda: bool(ground.requests("PUT")), "an upload has begun")
    assert ground.source.query("SELECT 1") == [(1,)]
    assert ground.ended(backup_id).state == "SUCCEEDED"
    assert ground.audit() == []
    ground.delete(backup_id)


CUTS = [Fault(cut_percent=10), Fault(cut_percent=50), Fault(cut_percent=99), Fault(lost=True)]


def test_b2_broken_transfers(ground: Ground) -> None:
    ground.store.plan = first(CUTS, "PUT")
    backup_id = ground.start()
    assert ground.ended(backup_id).state == "SUCCEEDED"
    assert ground.store.faults() >= len(CUTS)
    ground.store.reset()
    ground.store.plan = first(CUTS, "GET")
    instance_id = ground.restore(backup_id)
    ended = outcome(ground.owner, "instance_restore", instance_id=instance_id)
    assert ended.state == "SUCCEEDED", ended.error
    assert ground.store.faults() >= len(CUTS)
    assert ground.restored(instance_id) == ground.source.query(DIGEST)
    ground.delete(backup_id)
    assert ground.audit() == []


def flipping(name: str, bit: int) -> Plan:
    """A bit of one object is another one each time it is read."""
    return lambda method, path: Fault(flip=bit) if method == "GET" and path.endswith(name) else SOUND


def read_all(address: dict[str, str]) -> int:
    """Read a backup as a restore does, verifying it; its bytes."""
    store = tempurl.Store(Prefix(**address), QUICK)
    return sum(len(block) for block in download.stored_stream(store, download.manifest(store).segments))


def test_b3_every_flipped_bit_is_detected(ground: Ground) -> None:
    address, chance, undetected = ground.address(ground.backup_id), random.Random(3), []
    assert read_all(address) > 100_000
    names = [INDEX, *(segment.path for segment in download.manifest(tempurl.Store(Prefix(**address))).segments)]
    for number in range(FLIPS):
        name, bit = names[number % len(names)], chance.getrandbits(40)
        ground.store.plan = flipping(name, bit)
        try:
            read_all(address)
        except (DamagedBackup, StorageError):
            continue
        undetected.append((name, bit))
    assert undetected == []
    ground.store.reset()
    assert read_all(address), "the backup itself is not touched"


def test_b3_a_damaged_backup_is_not_restored(ground: Ground) -> None:
    ground.store.plan = lambda method, path: (
        Fault(flip=4711) if (method, "/segments/" in path) == ("GET", True) else SOUND
    )
    instance_id = ground.restore(ground.backup_id)
    ended = outcome(ground.owner, "instance_restore", instance_id=instance_id)
    assert ended.state == "FAILED"
    assert "is not what was stored" in str(ended.error)
    ground.store.reset()
    assert ground.audit() == []
    delete_instance(ground.owner, instance_id)
    again = ground.restore(ground.backup_id)
    assert outcome(ground.owner, "instance_restore", instance_id=again).state == "SUCCEEDED"
    assert ground.restored(again) == ground.source.query(DIGEST)


def test_b7_what_is_in_use_is_not_deleted(ground: Ground) -> None:
    parent = ground.start()
    assert ground.ended(parent).state == "SUCCEEDED"
    ground.store.hold.clear()
    instance_id = ground.restore(parent)
    eventually(lambda: bool(ground.requests("GET")), "a read has begun")
    with pytest.raises(DemoError, match=REFUSED):
        ground.owner.request("DELETE", f"/backups/{parent}")
    ground.store.hold.set()
    assert outcome(ground.owner, "instance_restore", instance_id=instance_id).state == "SUCCEEDED"
    assert ground.restored(instance_id) == ground.source.query(DIGEST)
    ground.store.reset()
    ground.store.hold.clear()
    child = ground.start(incremental=1, parent_id=parent)
    eventually(lambda: bool(ground.requests("PUT")), "an upload has begun")
    with pytest.raises(DemoError, match=REFUSED):
        ground.owner.request("DELETE", f"/backups/{parent}")
    ground.store.hold.set()
    assert ground.ended(child).state == "SUCCEEDED"
    ground.delete(parent)
    assert ground.audit() == []


def container_deleted(ground: Ground) -> None:
    with swift.connected() as connection:
        name = f"{CONTAINER}{ground.project_id}"
        swift.delete_prefix(name, "")
        connection.delete_container(name)


def key_changed(_ground: Ground) -> None:
    with swift.connected() as connection:
        connection.post_account({swift.TEMPURL_KEY_HEADER: "another-key"})


def quota_exceeded(ground: Ground) -> None:
    ground.store.plan = lambda method, path: Fault(413) if (method, "/segments/" in path) == ("PUT", True) else SOUND


CAUSES = {
    "quota exceeded": (quota_exceeded, "quota is used up"),
    "access revoked": (key_changed, "address given for this job is over or wrong"),
    "container deleted": (container_deleted, "the container or the object is not there"),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_b6_the_cause_is_named_and_the_database_runs(ground: Ground, cause: str) -> None:
    befall, words = CAUSES[cause]
    ground.store.hold.clear()
    if cause == "quota exceeded":
        befall(ground)
    backup_id = ground.start()
    eventually(lambda: bool(ground.requests("PUT")), "an upload has begun")
    befall(ground)
    ground.store.hold.set()
    ended = ground.ended(backup_id)
    assert ended.state == "FAILED"
    assert words in str(ended.error), ended.error
    assert ground.source.query("SELECT 1") == [(1,)]
    ground.store.reset()
    if cause != "container deleted":
        assert ground.audit() == []
    ground.delete(backup_id)
    again = ground.start()
    assert ground.ended(again).state == "SUCCEEDED"
    ground.delete(again)
