"""Sealing: secrets at rest in the state database (Fernet: AES-128-CBC and HMAC-SHA-256, with key rotation)."""

import json
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from functions.base.errors import TroveError
from functions.base.settings import require


class SealBroken(TroveError):
    """No key decrypts the sealed data: its key was removed too early."""


@lru_cache(maxsize=1)
def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key.strip()) for key in require("seal_keys").split(",")])


def seal(secrets: dict[str, object]) -> bytes:
    """Encrypt a JSON object with the first of the `seal_keys`."""
    return _fernet().encrypt(json.dumps(secrets).encode())


def unseal(sealed: bytes | None) -> dict[str, object]:
    """Decrypt what `seal` returned; return an empty object for None.

    Raises:
        SealBroken: none of the `seal_keys` decrypts it.
    """
    if sealed is None:
        return {}
    try:
        opened: dict[str, object] = json.loads(_fernet().decrypt(sealed))
    except InvalidToken as error:
        raise SealBroken("sealed data cannot be opened: TROVE_SEAL_KEYS lacks the key that sealed it") from error
    return opened
