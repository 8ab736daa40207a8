"""Keystone's tokens from the inside: the embedded cloud's own keys are at hand here."""

from pathlib import Path

import msgpack  # type: ignore[import-untyped]
from cryptography.fernet import Fernet, MultiFernet

from deploy.local.cloud import Cloud


def with_expiry(cloud: Cloud, token: str, expires: float) -> str:
    """The same token, expiring at another time (seconds since 1970): as Keystone would have made it."""
    files = sorted((cloud.state.data / "keystone" / "fernet-keys").iterdir(), key=_number, reverse=True)
    keys = MultiFernet([Fernet(file.read_bytes()) for file in files])
    payload = msgpack.unpackb(keys.decrypt(token + "=" * (-len(token) % 4)))
    [place] = [index for index, value in enumerate(payload) if isinstance(value, float)]
    payload[place] = expires
    return keys.encrypt(msgpack.packb(payload)).decode().rstrip("=")


def _number(key: Path) -> int:
    """The key with the highest number is the primary one."""
    return int(key.name)
