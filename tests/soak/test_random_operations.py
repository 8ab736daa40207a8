"""Random operations for long, under writing tenants (E6 of the catalogue of faults): `make soak`.

TROVE_SOAK_MINUTES says for how long; a run that is shorter than ten minutes says nothing of what grows.
"""

import os
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil
import pytest
from rich.console import Console
from rich.table import Table

from deploy.local.cloud import Cloud
from tests.soak.workload import Worker
from tests.support.audit import audit
from tests.support.watched import WatchedTenant

MINUTES = float(os.environ.get("TROVE_SOAK_MINUTES", "20"))
TELLING_MINUTES = 10
WORKERS = 4
SAMPLE_SECONDS = 5.0
MOST_GROWTH = 1.2
"""Of the last third over the second: the first warms up."""
SPARE_FILES = 20


@dataclass
class Samples(threading.Thread):
    """Memory (bytes) and open files of each service, and the seconds of a list request, every few seconds."""

    cloud: Cloud
    owner: WatchedTenant
    memory: dict[str, list[int]] = field(default_factory=dict)
    files: dict[str, list[int]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        """Take samples until it is over."""
        while not self.over.wait(SAMPLE_SECONDS):
            began = time.monotonic()
            self.owner.request("GET", "/instances")
            self.seconds.append(time.monotonic() - began)
            status = self.cloud.status()
            for unit in status.units if status else []:
                if unit.pid is not None and psutil.pid_exists(unit.pid):
                    process = psutil.Process(unit.pid)
                    tree = [process, *process.children(recursive=True)]
                    self.memory.setdefault(unit.name, []).append(sum(one.memory_info().rss for one in tree))
                    self.files.setdefault(unit.name, []).append(process.num_fds())


def third(values: list[float] | list[int], number: int) -> float:
    """The median of a third: 1, 2 or 3."""
    size = max(1, len(values) // 3)
    return statistics.median(values[(number - 1) * size : number * size] or values)


def table(samples: Samples, done: Counter[str]) -> Table:
    """What was seen."""
    shown = Table(title=f"{MINUTES:g} minutes, {WORKERS} tenants, {sum(done.values())} requests")
    for column in ("", "second third", "last third", "ratio"):
        shown.add_column(column, justify="left" if not column else "right")
    for name, memory in sorted(samples.memory.items()):
        row(shown, f"{name}: MB", third(memory, 2) / 1e6, third(memory, 3) / 1e6)
        row(shown, f"{name}: files", third(samples.files[name], 2), third(samples.files[name], 3))
    row(shown, "GET /instances, ms", 1000 * third(samples.seconds, 2), 1000 * third(samples.seconds, 3))
    for kind, count in done.most_common():
        shown.add_row(kind, "", str(count), "")
    return shown


def row(shown: Table, name: str, before: float, after: float) -> None:
    shown.add_row(name, f"{before:.1f}", f"{after:.1f}", f"{after / before:.2f}" if before else "")


@pytest.fixture
def owner(cloud: Cloud, product_environment: dict[str, str]) -> Iterator[WatchedTenant]:
    assert product_environment
    yield WatchedTenant(cloud.session("demo"))


@pytest.mark.timeout(int(MINUTES * 60) + 900)
def test_e6_random_operations(cloud: Cloud, owner: WatchedTenant) -> None:
    limit = time.monotonic() + MINUTES * 60
    workers = [Worker(owner, seed, limit) for seed in range(WORKERS)]
    samples = Samples(cloud, owner)
    for thread in [*workers, samples]:
        thread.start()
    for worker in workers:
        worker.join()
    samples.over.set()
    samples.join()
    lost = {worker.instance.id: worker.ledger.end() for worker in workers}
    Console(width=100).print(table(samples, sum((worker.done for worker in workers), Counter())))
    found = audit(cloud, [owner.project_id], replies=owner.replies)
    for worker in workers:
        worker.end()
    assert [fault for worker in workers for fault in worker.faults] == []
    assert not any(lost.values()), lost
    assert [*found, *audit(cloud, [owner.project_id])] == []
    if MINUTES >= TELLING_MINUTES:
        assert growing(samples) == []


def growing(samples: Samples) -> list[str]:
    """The services that take more and more."""
    return [
        name
        for name in samples.memory
        if third(samples.memory[name], 3) > MOST_GROWTH * third(samples.memory[name], 2)
        or third(samples.files[name], 3) > third(samples.files[name], 2) + SPARE_FILES
    ]
