"""The time in the form in which the state database has it: naive UTC."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time as naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
