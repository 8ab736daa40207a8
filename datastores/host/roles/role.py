"""What all roles have in common: how a datastore's class for a role is found."""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING, ClassVar

from datastores.host.errors import Unsupported

if TYPE_CHECKING:
    from typing import Self

    from datastores.host.engine import Engine
    from datastores.host.node import Node


class Role(ABC):
    """A role that a datastore plays for one server."""

    capability: ClassVar[str]
    """What an error calls a role that is missing: the capability of a datastore.yaml that promises it, if one does."""
    node: Node

    def __init__(self, node: Node) -> None:
        self.node = node

    @classmethod
    def find(cls, engine: Engine) -> Self | None:
        """The role of an engine, None when its datastore does not play it."""
        module = engine.module(cls.__module__.rpartition(".")[2])
        played: type[Self] | None = getattr(module, cls.__name__, None)
        return None if played is None else played(engine.node)

    @classmethod
    def of(cls, engine: Engine) -> Self:
        """The role of an engine. Raises Unsupported when its datastore does not play it."""
        found = cls.find(engine)
        if found is None:
            raise Unsupported(f"this datastore does not have the capability '{cls.capability}'")
        return found
