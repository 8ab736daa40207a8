"""A server of the family on its host, and how it is administered."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from datastores.host import files
from datastores.host.errors import EngineError, NotRunning
from datastores.host.node import Node as HostNode
from datastores.host.process import server_of
from datastores.host.settings import SettingsFile
from datastores.mysql.engine.family import Product

_ERROR = re.compile(r"^ERROR (\d+) \(\w+\)(?: at line (\d+))?: (.*)", re.MULTILINE)
# With TLS the client tells a refusal that came before the handshake inside an error of its own.
_BEFORE_TLS = re.compile(r"cannot be verified: (\d+) - (.*)")
_NO_SERVER = {2002, 2003, 2006, 2013}
TOO_MANY_CONNECTIONS = 1040
_BARRED = {1045, 1130, 1142, 1227, 1449, 1698}
LOCK_SECONDS = 30
"""Seconds that a backup waits for the tenant's sessions to let go of tables."""
_ROOM_SECONDS = 10.0
_ROOM_PAUSE_SECONDS = 0.1
# Administration works the same whatever the tenant sets: nothing that we send is kept in the server's logs, nothing
# ends it early or bends the statements, and what waits for a tenant's transaction says so soon.
_SESSION = (
    "SET SESSION sql_log_off = 1", "SET SESSION sql_mode = 'STRICT_ALL_TABLES'", "SET SESSION autocommit = 1",
    "SET SESSION TRANSACTION READ WRITE", "SET SESSION lock_wait_timeout = 10",
    "SET SESSION sql_select_limit = DEFAULT", "SET SESSION sql_safe_updates = 0",
    "SET SESSION wait_timeout = 28800", "SET SESSION innodb_lock_wait_timeout = 10",
)  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """An error of the server's: its number, the line of the script it is about (the first is 1), its words."""

    number: int
    line: int
    words: str


@dataclass(frozen=True)
class Node(HostNode):
    """The server, and scripts that it runs for its administrator."""

    @cached_property
    def product(self) -> Product:
        """The product that it is a server of."""
        product: Product = importlib.import_module(f"datastores.{self.name}.engine.product").PRODUCT
        return product

    @property
    def scratch(self) -> Path:
        """Temporary tables and the like."""
        return self.facts.run / "tmp"

    @property
    def option_file(self) -> Path:
        """All that the server and its programs are told, host-specific: the data directory holds no such file."""
        return self.facts.conf / "my.cnf"

    @property
    def init_file(self) -> Path:
        """The statements of every start."""
        return self.facts.conf / "init.sql"

    @property
    def socket(self) -> Path:
        """Where administration comes in."""
        return self.facts.run / "mysql.sock"

    @property
    def pid_file(self) -> Path:
        """The number of the server's process."""
        return self.facts.run / "mysql.pid"

    @property
    def settings_file(self) -> SettingsFile:
        """The settings of the next start, in JSON, from which the option file is written."""
        return SettingsFile(self.facts, self._kept("current"))

    def pid(self) -> int | None:
        """The server's process, which may still be recovering from a crash; None when there is none."""
        return server_of(self.pid_file, self.data)

    def kept(self, word: str) -> dict[str, Any] | None:
        """What is kept on this host: the settings `current` and `applied`, and the `process`."""
        return files.read_json(self._kept(word))

    def keep(self, word: str, document: dict[str, Any]) -> None:
        """Keep such a document."""
        self.write(self._kept(word), json.dumps(document, sort_keys=True))

    def sql(self, script: str) -> str:
        """What a script prints: values of a row apart by tabs. It ends at the first error.

        Raises EngineError with the server's own words, NotRunning when there is no server to talk to.
        """
        out, refusals = self._ask_in_turn(script, [])
        if refusals:
            raise self.refused(refusals[0])
        return out

    def rows(self, script: str) -> list[dict[str, str]]:
        """The rows of one query, by the names of their columns. Raises as `sql`."""
        out, refusals = self._ask_in_turn(script, ["--column-names"])
        if refusals:
            raise self.refused(refusals[0])
        header, *lines = out.splitlines() or [""]
        return [dict(zip(header.split("\t"), line.split("\t"))) for line in lines]

    def try_each(self, scripts: list[str]) -> list[Refusal]:
        """What the server refuses of these scripts, each one line, which are all tried. Raises NotRunning."""
        _, refusals = self._ask_in_turn("".join(scripts), ["--force"])
        before = len(self._preamble())
        return [Refusal(found.number, found.line - before, found.words) for found in refusals]

    def refused(self, refusal: Refusal) -> EngineError:
        """The error of a refusal."""
        if refusal.number in _BARRED:
            return EngineError(
                f"the service's own account in {self.product.label} was changed ({refusal.words}): restart the"
                " instance, which makes it anew"
            )
        return EngineError(f"{self.product.label} refused: {refusal.words}")

    def _kept(self, word: str) -> Path:
        return self.facts.conf / f"settings-{word}.json"

    def _preamble(self) -> tuple[str, ...]:
        return (*_SESSION, *self.product.session)

    def _ask_in_turn(self, script: str, options: list[str]) -> tuple[str, list[Refusal]]:
        """Ask, waiting for the one connection above `max_connections` that is the administrator's alone.

        The tenant's accounts lack the privilege for it (SUPER, CONNECTION ADMIN), so it is soon free again.
        """
        limit = time.monotonic() + _ROOM_SECONDS
        while True:
            out, refusals = self._ask(script, options)
            if not refusals or refusals[0].number != TOO_MANY_CONNECTIONS or time.monotonic() > limit:
                return out, refusals
            time.sleep(_ROOM_PAUSE_SECONDS)

    def _ask(self, script: str, options: list[str]) -> tuple[str, list[Refusal]]:
        """Its standard error stays here: with an error the client repeats the statement there."""
        command: list[str | Path] = [
            self.bin / self.product.client, f"--defaults-file={self.option_file}", "--batch", "--skip-column-names",
            "--default-character-set=utf8mb4", *options,
        ]  # fmt: skip
        whole = "".join(f"{line};\n" for line in self._preamble()) + script
        with tempfile.TemporaryFile() as said:
            process = self.programs.popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said)
            out = process.communicate(whole.encode())[0].decode("utf-8", "replace").strip("\n")
            said.seek(0)
            words = said.read().decode("utf-8", "replace")
        found = refusals(words)
        if any(refusal.number in _NO_SERVER for refusal in found):
            raise NotRunning(f"{self.product.label} does not answer: {found[0].words}")
        if process.returncode and not found:
            raise EngineError(f"{self.product.label}'s client failed with code {process.returncode}")
        return out, found


def refusals(said: str) -> list[Refusal]:
    """The errors in what a client program says."""
    return [_refusal(found) for found in _ERROR.finditer(said)]


def _refusal(found: re.Match[str]) -> Refusal:
    inner = _BEFORE_TLS.search(found[3])
    number, words = (inner[1], inner[2]) if inner else (found[1], found[3])
    return Refusal(int(number), int(found[2] or 0), words)
