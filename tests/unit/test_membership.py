"""What a server is in its group: epochs never go back, and a guarded primary does not take writes by itself."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from datastores.host import membership
from datastores.host.errors import BadRequest, StaleEpoch
from datastores.host.facts import Facts
from datastores.host.membership import Membership
from datastores.protocol.replication import Member, MemberRole
from tests.support.job_host import facts_of

ME, OTHER = Member("a1", "10.0.0.1", 5432), Member("b2", "10.0.0.2", 5432)


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    """A host with its directories."""
    found = facts_of(tmp_path)
    for directory in (found.data, found.run, found.jobs):
        directory.mkdir()
    return found


def test_a_server_of_no_group_may_write(facts: Facts) -> None:
    assert membership.read(facts) == Membership()
    assert membership.read(facts).may_write


def test_a_place_is_read_as_it_was_written(facts: Facts) -> None:
    place = Membership().as_replica(3, ME, OTHER)
    membership.write(facts, place)
    assert membership.read(facts) == place
    membership.leave(facts)
    assert membership.read(facts) == Membership()


def test_an_epoch_that_is_over_is_refused() -> None:
    place = Membership().as_replica(3, ME, OTHER)
    assert place.told(3).epoch == 3
    assert place.told(4).epoch == 4
    for change in (
        lambda: place.told(2),
        lambda: place.as_primary(2, guarded=False),
        lambda: place.as_replica(2, ME, OTHER),
        lambda: place.require_primary(2),
    ):
        with pytest.raises(StaleEpoch, match="epoch 2 of the group is over: this member knows epoch 3"):
            change()


def test_a_primary_that_was_told_a_later_epoch_may_not_write() -> None:
    primary = Membership().as_primary(1, guarded=True)
    assert primary.may_write
    assert not primary.told(2).may_write
    assert primary.told(2).as_primary(2, guarded=True).may_write
    with pytest.raises(BadRequest, match="not the primary of epoch 2"):
        primary.told(2).require_primary(2)
    with pytest.raises(BadRequest, match="not the primary of epoch 2"):
        primary.require_primary(2)


@pytest.mark.parametrize(
    ("place", "held_back"),
    [
        (Membership(), False),
        (Membership().as_primary(1, guarded=False), False),
        (Membership().as_primary(1, guarded=True), True),
        (Membership().as_primary(1, guarded=False).told(2), True),
        (Membership().as_replica(1, ME, OTHER), False),  # a replica takes no writes anyway
    ],
)
def test_a_boot_holds_a_guarded_primary_back(facts: Facts, place: Membership, held_back: bool) -> None:
    membership.write(facts, place)
    assert boots_held_back(facts) is held_back


def test_a_job_lets_a_guarded_primary_start_once(facts: Facts) -> None:
    membership.write(facts, Membership().as_primary(1, guarded=True))
    membership.permit(facts)
    assert not boots_held_back(facts)
    assert boots_held_back(facts)


def test_a_permission_that_was_not_used_does_not_last(facts: Facts) -> None:
    membership.write(facts, Membership().as_primary(1, guarded=True))
    membership.permit(facts)
    [permit] = facts.run.iterdir()
    os.utime(permit, (time.time() - 120, time.time() - 120))
    assert boots_held_back(facts)


def test_no_job_lets_a_fenced_primary_start(facts: Facts) -> None:
    membership.write(facts, replace(Membership().as_primary(1, guarded=True), epoch=2, role=MemberRole.PRIMARY))
    membership.permit(facts)
    assert boots_held_back(facts)


def boots_held_back(facts: Facts) -> bool:
    """Whether the boot script holds the server back."""
    shell = membership.unless_permitted(facts, "echo held back")
    done = subprocess.run(["sh", "-e", "-c", shell], capture_output=True, text=True, check=True)
    return done.stdout == "held back\n"
