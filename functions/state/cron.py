"""Cron patterns of five fields (minute, hour, day of month, month, day of week), in UTC."""

import re
from datetime import datetime

from functions.runtime.errors import BadRequest

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NAMES = frozenset(_MONTHS + _DAYS)
COUNTED = 10_000
"""Runs that `between` looks at: about a week of one a minute."""


def check(pattern: str) -> None:
    """Raises BadRequest for a pattern that has no times."""
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
    """The first time after a moment."""
    from croniter import croniter

    found: datetime = croniter(pattern, moment).get_next(datetime)
    return found


def between(pattern: str, first: datetime, last: datetime) -> list[datetime]:
    """The times from `first`, which is one, to `last`; the newest COUNTED of them."""
    from croniter import croniter

    found: list[datetime] = []
    times = croniter(pattern, last)
    moment = last if croniter.match(pattern, last) and last.second == last.microsecond == 0 else None
    moment = moment or times.get_prev(datetime)
    while moment >= first and len(found) < COUNTED:
        found.insert(0, moment)
        moment = times.get_prev(datetime)
    return found
