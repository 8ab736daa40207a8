"""A VictoriaMetrics server on its host, and how it is asked.

Everybody who reaches its port may write and read: it has no users. What only the service may do, snapshots, wants the
host's key (`datastores.host.bearer`), which the server gets from a file of variables: command lines can be seen.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from datastores.host import bearer, web
from datastores.host.errors import EngineError
from datastores.host.node import Node as HostNode
from datastores.host.settings import SettingsFile
from datastores.host.web import Place
from datastores.host.webdaemon import WebDaemon

NAME = "victoriametrics"
TITLE = "VictoriaMetrics"
PROGRAM = "victoria-metrics"
_READ_ONLY = re.compile(rb"^vm_storage_is_read_only(?:\{[^}]*\})? 1$", re.MULTILINE)
_WITH_VARIABLES = 'set -a; . "$0"; set +a; exec "$@"'


@dataclass(frozen=True)
class Node(HostNode):
    """The server, and requests that it takes from the service alone."""

    @property
    def flags_file(self) -> SettingsFile:
        """The flags as variables (`-envflag.enable`), which belong to this host."""
        return SettingsFile(self.facts, self.facts.conf / "victoriametrics.env")

    @property
    def daemon(self) -> WebDaemon:
        """The process."""
        command = ("sh", "-c", _WITH_VARIABLES, self.flags_file.path, self.bin / PROGRAM, "-envflag.enable")
        return WebDaemon(self.programs, NAME, TITLE, command, self.port)

    def administer(self, path: str, **query: str) -> dict[str, Any]:
        """The reply to a request that wants the host's key. Raises EngineError."""
        key = bearer.key_file(self.facts).read_text()
        reply: dict[str, Any] = json.loads(self._ask(f"{path}?{urlencode({'authKey': key, **query})}"))
        if reply.get("status") != "ok":
            raise EngineError(f"VictoriaMetrics refused {path}: {reply.get('msg')}")
        return reply

    def read_only(self) -> bool:
        """Whether it refuses writes, since its volume was full when it last looked: it does so every 30 seconds."""
        return bool(_READ_ONLY.search(self._ask("/metrics")))

    def has_tls(self) -> bool:
        """Whether the server was started with TLS."""
        return self.daemon.variable("tls") == "true"

    def _ask(self, path: str) -> bytes:
        place = Place(address=self.facts.address, port=self.port, tls=self.has_tls())
        return web.ask(place, "GET", path)
