"""The database operations, a module each, named as the operation and its workflow."""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from datastores.protocol.turns import Lock, Turn
from functions.operations.kind import OperationKind
from functions.state.models import OperationType

if TYPE_CHECKING:
    from functions.state.models import Operation


@cache
def find(name: str) -> OperationKind:
    """The kind of operations of that name, a value of `OperationType`."""
    kind: OperationKind = import_module(f"functions.operations.{name}").OPERATION
    return kind


@cache
def of_lock(lock: Lock) -> frozenset[str]:
    """The names of the operations of a lock class."""
    return frozenset(name for name in OperationType if find(name).lock == lock)


def turn_of(operation: "Operation") -> Turn:
    """The operation's place among those of its instance, as its host is to know it."""
    return Turn(operation.fence, kind_of(operation).lock)


def kind_of(operation: "Operation") -> OperationKind:
    """The operation's kind."""
    return find(operation.type)
