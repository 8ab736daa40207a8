"""Where the server's things are on its host, and how it is administered.

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
from datastores.host.errors import BadRequest, EngineError
from datastores.host.facts import Facts
from datastores.host.process import Programs
from datastores.host.web import Exchange, Place
from datastores.host.webdaemon import WebDaemon

NAME = "influxdb"
ADMINISTRATOR = "trove_admin"
_PASSWORD_BYTES = 32


@dataclass(frozen=True)
class Server:
    """The server: `bin` has its program."""

    facts: Facts
    programs: Programs
    bin: Path
    port: int

    @property
    def data(self) -> Path:
        """The directory of data and users, on the volume."""
        return self.facts.data / NAME

    @property
    def making(self) -> Path:
        """Where it is made before it gets its name."""
        return self.facts.data / f"{NAME}.tmp"

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
        return WebDaemon(self.programs, NAME, "InfluxDB", command, self.socket)

    def query(self, text: str) -> list[list[Any]]:
        """The rows of a statement, as the administrator. Raises EngineError with InfluxDB's words."""
        token = bearer.sign(self.facts, {"username": ADMINISTRATOR})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-www-form-urlencoded"}
        place = Place(socket=self.socket)
        try:
            reply = json.loads(web.ask(place, "POST", "/query", urlencode({"q": text}), headers))
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

    def version(self) -> str:
        """The exact version. Raises EngineError."""
        with Exchange(Place(socket=self.socket), "GET", "/ping") as reply:
            return reply.headers.get("X-Influxdb-Version", "")

    def make_administrator(self) -> None:
        """Make the administrator, the one thing that a server without users lets anybody do. Raises EngineError."""
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        self.query(f"CREATE USER {name(ADMINISTRATOR)} WITH PASSWORD {text(password)} WITH ALL PRIVILEGES")


def name(identifier: str) -> str:
    """An identifier in InfluxQL ("Identifiers" in its specification). Raises BadRequest for one that cannot be said."""
    return _quoted(identifier, '"')


def text(literal: str) -> str:
    """A text in InfluxQL ("Strings" in its specification). Raises BadRequest for one that cannot be said."""
    return _quoted(literal, "'")


def _quoted(content: str, quote: str) -> str:
    if "\0" in content or any("\ud800" <= character <= "\udfff" for character in content):
        raise BadRequest("InfluxDB cannot have that character in a name or password")
    escaped = content.replace("\\", "\\\\").replace("\n", "\\n").replace(quote, f"\\{quote}")
    return f"{quote}{escaped}{quote}"


def _words(error: web.Refused) -> str:
    try:
        return str(json.loads(error.content)["error"])
    except (ValueError, KeyError, TypeError):
        return str(error)
