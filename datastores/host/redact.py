"""Keeps the secrets of a job's arguments out of everything that is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl

from datastores.protocol.codec import Document
from datastores.protocol.requests import Failure

SECRET_NAMES = frozenset({"password", "query", "secret", "token", "private_key"})
_MASK = "***"


class Redactor:
    """Replaces every secret found in a request's arguments: strings under a name of SECRET_NAMES, at any depth.

    The signature inside a TempURL query counts by itself, since tools print addresses in pieces.
    """

    def __init__(self, arguments: Document) -> None:
        found = {secret for secret in _secrets(arguments) if secret}
        self._secrets = sorted(found, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text with each secret masked."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return text

    def failure(self, failure: Failure | None) -> Failure | None:
        """The same for an error."""
        return failure and replace(failure, message=self.text(failure.message))

    def line(self, line: bytes) -> bytes:
        """The same for a line of a log."""
        return self.text(line.decode("utf-8", "replace")).encode()


def _secrets(value: object, secret: bool = False) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _secrets(item, secret or name in SECRET_NAMES)
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(item, secret)
    elif secret and isinstance(value, str):
        yield from (value, *value.splitlines())
        yield from (item for name, item in parse_qsl(value) if name == "temp_url_sig")
