"""JSON objects of databases and users."""

from collections.abc import Iterable

from functions.state.instances.accounts import Account


def databases_view(names: Iterable[str]) -> list[dict[str, object]]:
    """Return databases, which have a name only."""
    return [{"name": name} for name in names]


def user_view(user: Account) -> dict[str, object]:
    """Return a user with the databases that it has access to."""
    return {"name": user.name, "host": user.host, "databases": databases_view(user.databases)}
