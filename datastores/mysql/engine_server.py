"""Where a server's things are on its host, and how it is talked to."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datastores.host import files
from datastores.host.errors import EngineError, NotRunning
from datastores.host.facts import Facts
from datastores.host.process import Programs
from datastores.mysql.engine_product import Product
from datastores.protocol.engine import Settings

_ERROR = re.compile(r"^ERROR (\d+) \(\w+\)(?: at line (\d+))?: (.*)", re.MULTILINE)
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
class Server:
    """One server of a product; `home` is where its programs and their files are."""

    facts: Facts
    programs: Programs
    product: Product
    name: str
    home: Path
    number: str
    port: int

    @property
    def data(self) -> Path:
        """The data directory, on the volume."""
        return self.facts.data / self.name

    @property
    def making(self) -> Path:
        """Where a data directory is made before it gets its name."""
        return self.facts.data / f"{self.name}.tmp"

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

    def program(self, name: str) -> Path:
        """A program of this version."""
        return self.home / name

    def kept(self, word: str) -> dict[str, Any] | None:
        """Settings kept on this host: `current`, `applied` or `started`."""
        return files.read_json(self._kept(word))

    def keep(self, word: str, settings: Settings) -> None:
        """Keep settings."""
        self.write(self._kept(word), json.dumps(settings))

    def write(self, path: Path, text: str) -> None:
        """Replace a file of the engine's user."""
        files.write_text(path, text)
        self.facts.give(path)

    def sql(self, script: str) -> str:
        """What a script prints: values of a row apart by tabs. It ends at the first error.

        Raises EngineError with the server's own words, NotRunning when there is no server to talk to.
        """
        out, refusals = self._ask_in_turn(script, [])
        if refusals:
            raise self.refused(refusals[0])
        return out

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

    def take_place(self) -> None:
        """Give the data directory that was made its name, in one step."""
        self.making.rename(self.data)

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
            self.program(self.product.client), f"--defaults-file={self.option_file}", "--batch", "--skip-column-names",
            "--default-character-set=utf8mb4", *options,
        ]  # fmt: skip
        whole = "".join(f"{line};\n" for line in self._preamble()) + script
        with tempfile.TemporaryFile() as said:
            process = self.programs.popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said)
            out = process.communicate(whole.encode())[0].decode("utf-8", "replace").strip("\n")
            said.seek(0)
            words = said.read().decode("utf-8", "replace")
        refusals = [Refusal(int(found[1]), int(found[2] or 0), found[3]) for found in _ERROR.finditer(words)]
        if any(refusal.number in _NO_SERVER for refusal in refusals):
            raise NotRunning(f"{self.product.label} does not answer: {refusals[0].words}")
        if process.returncode and not refusals:
            raise EngineError(f"{self.product.label}'s client failed with code {process.returncode}")
        return out, refusals
