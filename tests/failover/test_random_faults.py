"""Random faults of groups whose failover is automatic, one after another: `make failover N=50`.

N is the number of faults for each database. What happens meanwhile is random, too. TROVE_SEED repeats a run's choices.
"""

import os
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from deploy.local.cloud import Cloud
from deploy.local.demo.client import ENDED
from tests.bench.support import percentile
from tests.support.audit import audit
from tests.support.groups import (
    Group,
    a_backup,
    a_user,
    control_killed,
    cut_off,
    delete_backups,
    delete_group,
    hang,
    kill,
    mistral_killed,
    new_group,
    nothing,
    power_off,
)
from tests.support.releases import Release, releases
from tests.support.waiting import eventually
from tests.support.watched import WatchedTenant

N = int(os.environ.get("TROVE_FAILOVERS", "50"))
SEED = int(os.environ.get("TROVE_SEED", secrets.randbelow(2**32)))
POLICY: dict[str, object] = {"automatic": True, "mode": "synchronous", "quorum": 1}
RELEASES = [release for release in releases() if str(release) in {"postgresql-18", "mariadb-10.11"}]
END_SECONDS = 300
pytestmark = pytest.mark.usefixtures("product_environment")


@dataclass(frozen=True)
class Seen:
    """What a fault did: seconds without a write, acknowledged writes that were lost, epochs that it took."""

    fault: str
    meanwhile: str
    gap: float
    lost: int
    unexpected: int
    failed_over: bool


LOSSES: list[Callable[[Group], None]] = [kill, power_off, hang]
BEFORE: list[Callable[[Group], None]] = [nothing, a_backup, a_user]
AFTER: list[Callable[[Group], None]] = [nothing, control_killed, mistral_killed]


@pytest.mark.timeout(N * (END_SECONDS + 60) + 600)
@pytest.mark.parametrize("release", RELEASES, ids=str)
def test_random_faults(cloud: Cloud, release: Release, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen, owner, seen = random.Random(SEED), WatchedTenant(cloud.session("demo")), list[Seen]()
    group = new_group(cloud, owner, release, tmp_path, POLICY)
    console = Console(width=110)
    with capsys.disabled():
        console.print(f"\n{release}: {N} faults, TROVE_SEED={SEED}")
        for number in range(1, N + 1):
            seen.append(one(group, chosen))
            console.print(f"  {number}/{N}: {seen[-1]}", highlight=False)
        console.print(table(release, seen))
    assert [each for each in seen if each.lost or each.unexpected] == []
    delete_backups(group)
    assert audit(cloud, [owner.project_id], replies=owner.replies) == []
    delete_group(group)


def one(group: Group, chosen: random.Random) -> Seen:
    """One fault, what happens beside it, and the end of both, when all members follow again."""
    fault = chosen.choice([*LOSSES, cut_off])
    before, after = chosen.choice(BEFORE), chosen.choice(AFTER if fault != cut_off else [nothing])
    failovers = len(group.failovers())
    with group.written() as checker:
        before(group)
        at, primary = time.monotonic(), group.primary
        fault(group)
        after(group)
        if fault != cut_off:
            group.elect()
        checker.go_on()
    if fault != cut_off:
        group.await_return(primary)
    _await_rest(group)
    found = [member.read() for member in group.members]
    assert checker.primaries()[-1] == group.primary.id
    names = " and ".join(each.__name__ for each in (before, after) if each != nothing) or "nothing"
    return Seen(
        fault.__name__,
        names,
        round(checker.gap(at), 1),
        max(len(checker.lost(numbers)) for numbers in found),
        max(len(checker.unexpected(numbers)) for numbers in found),
        group.primary.id != primary.id or len(group.failovers()) > failovers,
    )


def table(release: Release, seen: list[Seen]) -> Table:
    """The figures of each fault."""
    shown = Table(
        "fault", "times", "gap p50", "gap p95", "longest", "failovers", "lost", "unexpected", title=str(release)
    )
    for name in [*sorted({each.fault for each in seen}), "all"]:
        of_it = [each for each in seen if name in {each.fault, "all"}]
        gaps = [each.gap for each in of_it]
        times = [f"{value:.1f} s" for value in (percentile(gaps, 50), percentile(gaps, 95), max(gaps))]
        sums = [sum(each.failed_over for each in of_it), sum(e.lost for e in of_it), sum(e.unexpected for e in of_it)]
        shown.add_row(name, str(len(of_it)), *times, *map(str, sums))
    return shown


def _await_rest(group: Group) -> None:
    """Wait until nothing is under way on any member."""

    def rests() -> bool:
        return all(
            operation["state"] in ENDED
            for member in group.members
            for operation in group.owner.request("GET", f"/operations?instance_id={member.id}&limit=20")["operations"]
        )

    eventually(rests, "every operation has ended", END_SECONDS)
