"""Tokens for servers that know no peer authentication, but trust who can sign: JSON Web Tokens, HS256 (RFC 7515, 7519).

The key is random, made on this host, and readable only by the engine's user: who could read it can read the data. No
password of an administrator exists, a token lives a minute, and a backup holds nothing that opens another host.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from pathlib import Path

from datastores.host import files
from datastores.host.facts import Facts
from datastores.protocol.codec import Document

_LIFE_SECONDS = 60
_KEY_BYTES = 32


def key_file(facts: Facts) -> Path:
    """The file with this host's key, a text of one line without its end; made when it is not there."""
    path = facts.conf / "token.key"
    if not path.exists():
        files.write_text(path, secrets.token_hex(_KEY_BYTES))
        facts.chown(path)
    return path


def sign(facts: Facts, claims: Document) -> str:
    """A token with these claims, for a minute from now."""
    content = {**claims, "exp": int(time.time()) + _LIFE_SECONDS}
    signed = b".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, content))
    signature = hmac.new(key_file(facts).read_bytes(), signed, "sha256").digest()
    return (signed + b"." + _encoded(signature)).decode()


def _encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")
