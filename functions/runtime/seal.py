"""Sealing: secrets at rest in the state database (Fernet: AES-128-CBC and HMAC-SHA-256, with key rotation)."""

import json
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from functions.runtime.errors import TroveError
from functions.runtime.settings import require


class SealBroken(TroveError):
    """Sealed data that no key opens: a key was removed before what it sealed was gone."""


@lru_cache(maxsize=1)
def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key.strip()) for key in require("seal_keys").split(",")])


def seal(secrets: dict[str, object]) -> bytes:
    """Seal a JSON object."""
    return _fernet().encrypt(json.dumps(secrets).encode())


def unseal(sealed: bytes | None) -> dict[str, object]:
    """Open what `seal` closed; nothing gives an empty object.

    Raises:
        SealBroken: no key of ours opens it.
    """
    if sealed is None:
        return {}
    try:
        opened: dict[str, object] = json.loads(_fernet().decrypt(sealed))
    except InvalidToken as error:
        raise SealBroken("sealed data cannot be opened: TROVE_SEAL_KEYS lacks the key that sealed it") from error
    return opened
