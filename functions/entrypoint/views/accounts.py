"""Databases and users on the wire."""

from collections.abc import Iterable

from functions.state.accounts import Account


def databases_view(names: Iterable[str]) -> list[dict[str, object]]:
    """Databases, by their names alone."""
    return [{"name": name} for name in names]


def user_view(user: Account) -> dict[str, object]:
    """A user with the databases granted to it."""
    return {"name": user.name, "host": user.host, "databases": databases_view(user.databases)}
