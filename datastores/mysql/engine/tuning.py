"""Changing the settings of a server: all of them or none.

1. A trial: the server's own program reads the new option file. What it refuses, or would bend, gets no further.
2. The option file is replaced; the settings are `current`.
3. The running server is given what differs from `applied`, the settings it has been given before, but for options that
   are not for the tenant to change. What it calls a read-only variable waits for a restart; anything else that it
   refuses puts `applied` back. Steps 2 and 3 can be done again after a crash between them.

A restart that fails goes back to the settings with which the server's process was started.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from datastores.host.errors import EngineError
from datastores.host.process import identity
from datastores.host.roles import tuning
from datastores.host.settings import SettingsFile
from datastores.mysql.engine import config
from datastores.mysql.engine.node import Node, Refusal
from datastores.protocol.engine import Settings

_AT_START_ONLY = {1193, 1238}  # ER_UNKNOWN_SYSTEM_VARIABLE (an option that is none), ER_INCORRECT_GLOBAL_LOCAL_VAR
_MEBIBYTE = 1 << 20
_LINES = 3
_ABSENT = object()
_DEFAULTS = {"time_zone": "'SYSTEM'"}
"""Of variables whose DEFAULT is what the server was started with."""
_SAID = re.compile(r"(\[ERROR\]|option '|adjusted to)")
_WHO = re.compile(r"^.*?\[(?:ERROR|Warning)\] +(?:\[\S+\] +)*(?:Buffered (?:error|warning): )?(?:\S*/\w+: )?")


class Tuning(tuning.Tuning):
    """Settings are options of the next start, and variables of the running server."""

    node: Node

    @property
    def settings_file(self) -> SettingsFile:
        return self.node.settings_file

    def reconfigure(self, settings: Settings) -> None:
        node = self.node
        _try(node, settings)
        recognize(node)
        applied, current = node.kept("applied") or {}, node.kept("current") or {}
        config.write(node, settings)
        if node.pid() is None:
            return
        known = sorted({*settings, *applied, *current} - {*node.product.options(node)})
        names = [name for name in known if not _same(name, settings, applied, current)]
        if refused := _give(node, names, settings):
            config.write(node, applied)
            _give(node, names, applied)
            raise EngineError(f"{node.product.label} refuses the settings: {refused[0].words}")
        node.keep("applied", settings)

    def restart_required(self) -> bool:
        node = self.node
        if node.pid() is None:
            return False
        recognize(node)
        started, current = json.loads(node.settings_file.started() or "{}"), node.kept("current") or {}
        changed = [name for name in {*started, *current} if not _same(name, started, current)]
        refused = node.try_each([f"SET GLOBAL {name} = @@GLOBAL.{name};\n" for name in changed])
        return any(refusal.number in _AT_START_ONLY for refusal in refused)


def recognize(node: Node) -> None:
    """See whether the server's process is another than before, started with the current settings by us or at boot."""
    pid = node.pid()
    process = {"process": identity(pid)} if pid is not None else None
    if process is not None and node.kept("process") != process:
        node.settings_file.keep()
        node.keep("applied", node.kept("current") or {})
        node.keep("process", process)


def _give(node: Node, names: list[str], settings: Settings) -> list[Refusal]:
    """Set variables, to their defaults where there is no setting; what is refused but not read-only."""
    scripts = [
        config.assignment(name, settings[name]).script()
        if name in settings
        else f"SET GLOBAL {name} = {_DEFAULTS.get(name, 'DEFAULT')};\n"
        for name in names
    ]
    refusals: dict[int, Refusal] = {}
    for refusal in node.try_each(scripts):
        refusals.setdefault(refusal.line, refusal)
    return [refusal for refusal in refusals.values() if refusal.number not in _AT_START_ONLY]


def _same(name: str, *settings: Settings) -> bool:
    first = settings[0].get(name, _ABSENT)
    return all(other.get(name, _ABSENT) == first for other in settings[1:])


def _try(node: Node, settings: Settings) -> None:
    pool = settings.get("innodb_buffer_pool_size", 0)
    if isinstance(pool, int) and pool > node.facts.memory_mb * _MEBIBYTE:
        memory = f"the instance's memory of {node.facts.memory_mb} MiB"
        raise EngineError(
            f"{node.product.label} refuses the settings: innodb_buffer_pool_size {pool} is more than {memory}"
        )
    with node.temporary("trial") as directory:
        trial = directory / "my.cnf"
        node.write(trial, config.option_file(node, settings))
        wrong = _wrong(node, trial)
    if wrong:
        words = "; ".join(_WHO.sub("", line) for line in wrong)
        raise EngineError(f"{node.product.label} refuses the settings: {words}")


def _wrong(node: Node, trial: Path) -> list[str]:
    """The lines in which the program complains of an option file."""
    said, code = trial.with_name("said"), trial.with_name("code")
    shell = 'said=$1; code=$2; shift 2; result=0; "$@" >/dev/null 2>"$said" || result=$?; echo $result >"$code"'
    node.programs.run(["sh", "-c", shell, "sh", said, code, *node.product.trial(node, trial)])
    lines = said.read_text(encoding="utf-8", errors="replace").splitlines()
    wrong = [line for line in lines if _SAID.search(line)]
    if code.read_text(encoding="utf-8").strip() == "0":
        return wrong
    return wrong or lines[-_LINES:] or ["it gave no reason"]
