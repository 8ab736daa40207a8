"""SCRAM-SHA-256 verifiers, so that a password never reaches the server.

RFC 5802 section 3 (keys), RFC 7677 (SHA-256, at least 4096 rounds), RFC 4013 (SASLprep). The form is PostgreSQL's:
`SCRAM-SHA-256$<rounds>:<salt>$<StoredKey>:<ServerKey>` (manual, chapter 52.8 pg_authid).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import stringprep
import unicodedata

ROUNDS = 4096
_SALT_BYTES = 16
_PROHIBITED = (
    stringprep.in_table_a1, stringprep.in_table_c12, stringprep.in_table_c21_c22, stringprep.in_table_c3,
    stringprep.in_table_c4, stringprep.in_table_c5, stringprep.in_table_c6, stringprep.in_table_c7,
    stringprep.in_table_c8, stringprep.in_table_c9,
)  # fmt: skip


def verifier(password: str, salt: bytes | None = None, rounds: int = ROUNDS) -> str:
    """What PostgreSQL stores for a password."""
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", saslprep(password).encode(), salt, rounds)
    stored_key = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
    server_key = _hmac(salted, b"Server Key")
    return f"SCRAM-SHA-256${rounds}:{_base64(salt)}${_base64(stored_key)}:{_base64(server_key)}"


def saslprep(password: str) -> str:
    """A password normalised (RFC 4013), or itself when it has characters that are prohibited, as libpq does."""
    mapped = "".join(" " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c))
    normal = unicodedata.normalize("NFKC", mapped)
    if not normal or any(prohibited(c) for c in normal for prohibited in _PROHIBITED) or not _direction_holds(normal):
        return password
    return normal


def _direction_holds(text: str) -> bool:
    """RFC 3454 section 6: right-to-left text is not mixed, and begins and ends so."""
    if not any(stringprep.in_table_d1(c) for c in text):
        return True
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return ends and not any(stringprep.in_table_d2(c) for c in text)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
