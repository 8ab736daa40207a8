"""What a host is asked to do: a message a kind of work, known by its class's name, with the type of its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Generic, TypeVar, get_args

Answer = TypeVar("Answer")
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


class Work(Generic[Answer]):
    """Base of all; the fields of a subclass are the arguments, its parameter the type of the answer."""

    @classmethod
    def action(cls) -> str:
        """Its name in requests: CreateUsers is `create_users`."""
        return _CAPITAL.sub("_", cls.__name__).lower()

    @classmethod
    def answer(cls) -> type[Answer]:
        """The type of the answer."""
        [kind] = [base for base in getattr(cls, "__orig_bases__") if get_args(base)]  # noqa: B009 - typing's own
        found: type[Answer] = get_args(kind)[0]
        return found


@dataclass(frozen=True)
class Done:
    """The answer of work that has nothing to tell."""
