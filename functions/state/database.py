"""The state database: one engine a process, one transaction a call."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from functions.runtime.errors import Unavailable
from functions.runtime.settings import require

ISOLATION = "READ COMMITTED"


class DatabaseUnavailable(Unavailable):
    """The state database does not answer."""


@lru_cache(maxsize=1)
def engine() -> Engine:
    """The process's engine; connections are checked before use."""
    return create_engine(
        require("database_url"), pool_pre_ping=True, pool_size=8, max_overflow=24, isolation_level=ISOLATION
    )


@contextmanager
def transaction() -> Iterator[Session]:
    """A session that commits at the end of the block; rows stay readable after it.

    Raises:
        DatabaseUnavailable: the connection was refused or lost; nothing is committed.
    """
    try:
        with Session(engine(), expire_on_commit=False) as session, session.begin():
            yield session
    except OperationalError as error:
        raise DatabaseUnavailable(f"the state database does not answer: {type(error.orig).__name__}") from error
