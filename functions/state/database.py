"""The state database: one engine a process, one transaction a call."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

import functions.state.models  # noqa: F401 - declares every table
from functions.base.errors import Unavailable
from functions.base.settings import get_settings, require

ISOLATION = "READ COMMITTED"
"""Isolation level of transactions: a row that was locked is read as it is then."""


class DatabaseUnavailable(Unavailable):
    """The state database does not answer."""


@lru_cache(maxsize=1)
def engine() -> Engine:
    """Return the process's engine, which tests a connection before each use."""
    settings = get_settings()
    return create_engine(
        require("database_url"),
        pool_pre_ping=True,
        pool_size=settings.database_connections,
        max_overflow=settings.database_extra_connections,
        isolation_level=ISOLATION,
    )


@contextmanager
def transaction() -> Iterator[Session]:
    """Open a session that commits at the end of the block; its rows stay readable after that.

    Raises:
        DatabaseUnavailable: the connection was refused or lost, and nothing was committed.
    """
    try:
        with Session(engine(), expire_on_commit=False) as session, session.begin():
            yield session
    except OperationalError as error:
        raise DatabaseUnavailable(f"the state database does not answer: {type(error.orig).__name__}") from error
