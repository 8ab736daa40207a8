"""Time as the state keeps it: naive UTC."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
