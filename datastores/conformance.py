"""How the conformance suite uses a datastore: as a tenant does, over the network, with a client of the field.

Each datastore's folder has a module `conformance` with an object `CONFORMANCE`. Only tests import it.
"""

from __future__ import annotations

import importlib
import ssl
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from datastores.formula import Value


class ConformanceRefused(Exception):
    """The server does not let the client in."""


@dataclass(frozen=True)
class Server:
    """Where a tenant reaches a database; None is what its datastore does not have.

    `authority` is the file (PEM) of the authority that certifies a server which speaks TLS, `client` the one of the
    certificate and key with which a client shows it who he is, if it has any.
    """

    address: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str | None = None
    authority: Path | None = None
    client: Path | None = None

    def tls(self) -> ssl.SSLContext:
        """What a client in Python trusts and shows."""
        context = ssl.create_default_context(cafile=str(self.authority))
        if self.client is not None:
            context.load_cert_chain(self.client)
        return context


@dataclass(frozen=True)
class ParameterChange:
    """A parameter, the value to give it, and how the server shows that value to a tenant."""

    name: str
    value: Value
    shown: str


class Session(ABC):
    """A tenant's connection."""

    @abstractmethod
    def write(self, numbers: Iterable[int]) -> None:
        """Store each number for good, making what it needs for that."""

    @abstractmethod
    def read(self) -> set[int]:
        """All numbers stored."""

    @abstractmethod
    def fill(self, mebibytes: int) -> None:
        """Store that much data that does not compress, apart from the numbers."""

    @abstractmethod
    def setting(self, name: str) -> str:
        """A parameter as the server shows it."""

    @abstractmethod
    def close(self) -> None:
        """End the connection."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Conformance(ABC):
    """A datastore as the suite sees it. Parameters are None where the datastore has none of the kind."""

    dynamic: ParameterChange | None = None
    """In force at once."""
    static: ParameterChange | None = None
    """In force after a restart."""
    bad: tuple[str, Value] | None = None
    """A value outside its parameter's rule."""
    refused: tuple[str, Value] | None = None
    """A value that its rule admits and the engine refuses."""
    durable: bool = True
    """Whether data outlives a restart."""

    @abstractmethod
    def connect(self, server: Server) -> Session:
        """Log in. Raises ConformanceRefused when the server does not let the client in."""


def of(datastore: str) -> Conformance:
    """The object of a datastore's folder."""
    found: Conformance = importlib.import_module(f"datastores.{datastore}.conformance").CONFORMANCE
    return found
