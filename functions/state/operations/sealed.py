"""The secrets of an operation: objects sealed in its row until the operation ends.

An operation has one secret of a class, or one `of` each of its targets.
"""

from typing import TypeVar

from datastores.protocol import codec
from functions.base.errors import StepRefused
from functions.base.seal import seal, unseal
from functions.state.database import transaction
from functions.state.operations.models import Operation

Secret = TypeVar("Secret")


def seal_all(secrets: tuple[object, ...]) -> bytes | None:
    """Return the secrets sealed for an operation's row; None if there are none."""
    return seal({type(secret).__name__: codec.encode(secret) for secret in secrets}) if secrets else None


def find(operation: Operation, kind: type[Secret], of: str = "") -> Secret | None:
    """Return the operation's secret of a class; None if it has none, or has ended."""
    document = unseal(operation.sealed).get(_name(kind, of))
    return None if document is None else codec.decode(kind, document)


def get(operation: Operation, kind: type[Secret], of: str = "") -> Secret:
    """Return the operation's secret of a class. Raises StepRefused if it has none."""
    found = find(operation, kind, of)
    if found is None:
        raise StepRefused(f"operation {operation.id} ({operation.type}) has no {kind.__name__}")
    return found


def keep(operation: Operation, secret: Secret, of: str = "") -> Secret:
    """Seal a secret into the operation, unless it has one of that class; return the one that the operation has."""
    name = _name(type(secret), of)
    with transaction() as session:
        locked = session.get_one(Operation, operation.id, with_for_update=True)
        secrets = unseal(locked.sealed)
        if name in secrets:
            return codec.decode(type(secret), secrets[name])
        locked.sealed = seal({**secrets, name: codec.encode(secret)})
        return secret


def _name(kind: type[object], of: str) -> str:
    return f"{kind.__name__} of {of}" if of else kind.__name__
