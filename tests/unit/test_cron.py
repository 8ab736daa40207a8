"""Cron patterns: which are refused, and their times."""

from datetime import datetime, timedelta

import pytest

from functions.base.errors import BadRequest
from functions.base.settings import get_settings
from functions.state.schedules import cron

NOON = datetime(2026, 3, 1, 12)


@pytest.mark.parametrize("pattern", ["0 3 * * *", "*/5 * * * *", "0 3 * * mon-FRI", "0 0 1 jan,jul *", "0 0 29 2 *"])
def test_patterns_with_times_pass(pattern: str) -> None:
    cron.check(pattern)


@pytest.mark.parametrize("pattern", ["60 * * * *", "0 0 31 2 *", "* * * foo *", "R R * * *", "H * * * *", "0 0 L * *"])
def test_others_are_refused(pattern: str) -> None:
    with pytest.raises(BadRequest, match=r"schedule\['pattern'\]"):
        cron.check(pattern)


def test_the_following_time_is_never_the_moment_itself() -> None:
    assert cron.following("0 12 * * *", NOON) == NOON + timedelta(days=1)
    assert cron.following("0 12 * * *", NOON - timedelta(microseconds=1)) == NOON


@pytest.mark.parametrize(
    ("last", "hours"),
    [
        (NOON - timedelta(seconds=1), []),
        (NOON, [12]),
        (NOON + timedelta(microseconds=1), [12]),
        (NOON + timedelta(minutes=59, seconds=59), [12]),
        (NOON + timedelta(hours=2), [12, 13, 14]),
        (NOON + timedelta(hours=2, seconds=3), [12, 13, 14]),
    ],
)
def test_the_times_between_count_both_ends(last: datetime, hours: list[int]) -> None:
    assert [time.hour for time in cron.between("0 * * * *", NOON, last)] == hours


def test_of_very_many_times_the_newest_count() -> None:
    found = cron.between("* * * * *", NOON, NOON + timedelta(days=60))
    assert len(found) == get_settings().schedule_runs_counted
    assert found[-1] == NOON + timedelta(days=60)
