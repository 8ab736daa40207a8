"""An InfluxDB server on its host, and how it is administered.

Administration goes through the server's socket. InfluxDB has no peer authentication, so its administrator has a random
password that nobody keeps, and each request carries a token signed with the host's key (`datastores.host.bearer`).
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from datastores.host import bearer, web
from datastores.host.errors import EngineError
from datastores.host.node import Node as HostNode
from datastores.host.web import Exchange, Place
from datastores.host.webdaemon import WebDaemon
from datastores.influxdb.engine.influxql import name, text

NAME = "influxdb"
TITLE = "InfluxDB"
ADMINISTRATOR = "trove_admin"
_PASSWORD_BYTES = 32


@dataclass(frozen=True)
class Node(HostNode):
    """The server, and statements to it as its administrator."""

    @property
    def conf(self) -> Path:
        """The configuration, which belongs to this host."""
        return self.facts.conf / "influxdb.conf"

    @property
    def socket(self) -> Path:
        """The administrator's way in."""
        return self.facts.run / NAME / "admin"

    @property
    def daemon(self) -> WebDaemon:
        """The process."""
        command = (self.bin / "influxd", "-config", self.conf)
        return WebDaemon(self.programs, NAME, TITLE, command, self.socket)

    def query(self, statement: str) -> list[list[Any]]:
        """The rows of a statement, as the administrator. Raises EngineError with InfluxDB's words."""
        token = bearer.sign(self.facts, {"username": ADMINISTRATOR})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-www-form-urlencoded"}
        place = Place(socket=self.socket)
        try:
            reply = json.loads(web.ask(place, "POST", "/query", urlencode({"q": statement}), headers))
        except web.Refused as error:
            raise EngineError(f"InfluxDB refused: {_words(error)}") from error
        for result in reply["results"]:
            if "error" in result:
                raise EngineError(f"InfluxDB refused: {result['error']}")
        return [
            row
            for result in reply["results"]
            for series in result.get("series", ())
            for row in series.get("values", ())
        ]

    def exact_version(self) -> str:
        """The exact version. Raises EngineError."""
        with Exchange(Place(socket=self.socket), "GET", "/ping") as reply:
            return reply.headers.get("X-Influxdb-Version", "")

    def make_administrator(self) -> None:
        """Make the administrator, the one thing that a server without users lets anybody do. Raises EngineError."""
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        self.query(f"CREATE USER {name(ADMINISTRATOR)} WITH PASSWORD {text(password)} WITH ALL PRIVILEGES")


def _words(error: web.Refused) -> str:
    try:
        return str(json.loads(error.content)["error"])
    except (ValueError, KeyError, TypeError):
        return str(error)
