"""Cron patterns of five fields (minute, hour, day of month, month, day of week), in UTC."""

import re
from datetime import datetime

from functions.base.errors import BadRequest
from functions.base.settings import get_settings

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NAMES = frozenset(_MONTHS + _DAYS)
"""The words that a pattern may have."""


def check(pattern: str) -> None:
    """Raise BadRequest if the pattern is invalid or has no next time."""
    from croniter import CroniterError, croniter

    try:
        words = {word.lower() for word in re.findall("[A-Za-z]+", pattern)}
        if words - NAMES:
            raise BadRequest(f"Validation error: schedule['pattern'] has a word that is no month or day: '{pattern}'")
        croniter(pattern).get_next()
    except (CroniterError, ValueError, KeyError) as error:
        raise BadRequest(
            f"Validation error: schedule['pattern'] is no cron pattern with a next time: {error}"
        ) from None


def following(pattern: str, moment: datetime) -> datetime:
    """Return the first time of the pattern after a moment."""
    from croniter import croniter

    found: datetime = croniter(pattern, moment).get_next(datetime)
    return found


def between(pattern: str, first: datetime, last: datetime) -> list[datetime]:
    """Return the pattern's times from `first`, which is one, to `last`: the newest `schedule_runs_counted` of them."""
    from croniter import croniter

    found, most = list[datetime](), get_settings().schedule_runs_counted
    times = croniter(pattern, last)
    moment = last if croniter.match(pattern, last) and last.second == last.microsecond == 0 else None
    moment = moment or times.get_prev(datetime)
    while moment >= first and len(found) < most:
        found.insert(0, moment)
        moment = times.get_prev(datetime)
    return found
