"""Addresses in the object store."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from datastores.protocol.codec import ProtocolError


@dataclass(frozen=True)
class Prefix:
    """All objects below `url_prefix`; `query` is the capability to reach them (Swift's prefix TempURL)."""

    url_prefix: str
    query: str = field(repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url_prefix)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ProtocolError("url_prefix must be an http or https URL")
