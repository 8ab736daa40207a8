"""Changing the settings of a server: all of them or none.

1. A trial: the server's own program reads the new option file. What it refuses, or would bend, gets no further.
2. The option file is replaced; the settings are `current`.
3. The running server is given what differs from `applied`, the settings it has been given before. What it calls a
   read-only variable waits for a restart; anything else that it refuses puts `applied` back. Steps 2 and 3 can be done
   again after a crash between them.

`started` are the settings with which the server's process was started: a restart that fails goes back to them.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from datastores.host import files
from datastores.host.errors import EngineError
from datastores.mysql import engine_config, engine_start
from datastores.mysql.engine_server import Refusal, Server
from datastores.protocol.engine import Settings

_AT_START_ONLY = {1193, 1238}  # ER_UNKNOWN_SYSTEM_VARIABLE (an option that is none), ER_INCORRECT_GLOBAL_LOCAL_VAR
_MEBIBYTE = 1 << 20
_LINES = 3
_ABSENT = object()
_DEFAULTS = {"time_zone": "'SYSTEM'"}
"""Of variables whose DEFAULT is what the server was started with."""
_SAID = re.compile(r"(\[ERROR\]|option '|adjusted to)")
_WHO = re.compile(r"^.*?\[(?:ERROR|Warning)\] +(?:\[\S+\] +)*(?:Buffered (?:error|warning): )?(?:\S*/\w+: )?")


def apply(server: Server, settings: Settings) -> None:
    """Make these the server's settings. Raises EngineError with the server's words; then nothing has changed."""
    _try(server, settings)
    recognize(server)
    applied, current = server.kept("applied") or {}, server.kept("current") or {}
    engine_config.write(server, settings)
    if not engine_start.runs(server):
        return
    names = [name for name in sorted({*settings, *applied, *current}) if not _same(name, settings, applied, current)]
    refused = _give(server, names, settings)
    if refused:
        engine_config.write(server, applied)
        _give(server, names, applied)
        raise EngineError(f"{server.product.label} refuses the settings: {refused[0].words}")
    server.keep("applied", settings)


def recognize(server: Server) -> None:
    """See whether the server's process is another than before, started with the current settings by us or at boot."""
    process = engine_start.process(server)
    if process is not None and (server.kept("process") or {}).get("process") != process:
        current = server.kept("current") or {}
        server.keep("started", current)
        server.keep("applied", current)
        server.keep("process", {"process": process})


def restart_required(server: Server) -> bool:
    """Whether a setting waits for the server's next start."""
    if not engine_start.runs(server):
        return False
    recognize(server)
    started, current = server.kept("started") or {}, server.kept("current") or {}
    changed = [name for name in {*started, *current} if not _same(name, started, current)]
    refused = server.try_each([f"SET GLOBAL {name} = @@GLOBAL.{name};\n" for name in changed])
    return any(refusal.number in _AT_START_ONLY for refusal in refused)


def go_back(server: Server) -> bool:
    """Take the settings with which the server started last; whether they are others than now."""
    started = server.kept("started")
    if started is None or started == server.kept("current"):
        return False
    engine_config.write(server, started)
    return True


def _give(server: Server, names: list[str], settings: Settings) -> list[Refusal]:
    """Set variables, to their defaults where there is no setting; what is refused but not read-only."""
    scripts = [
        engine_config.assignment(name, settings[name]).script()
        if name in settings
        else f"SET GLOBAL {name} = {_DEFAULTS.get(name, 'DEFAULT')};\n"
        for name in names
    ]
    refusals: dict[int, Refusal] = {}
    for refusal in server.try_each(scripts):
        refusals.setdefault(refusal.line, refusal)
    return [refusal for refusal in refusals.values() if refusal.number not in _AT_START_ONLY]


def _same(name: str, *settings: Settings) -> bool:
    first = settings[0].get(name, _ABSENT)
    return all(other.get(name, _ABSENT) == first for other in settings[1:])


def _try(server: Server, settings: Settings) -> None:
    pool = settings.get("innodb_buffer_pool_size", 0)
    if isinstance(pool, int) and pool > server.facts.memory_mb * _MEBIBYTE:
        memory = f"the instance's memory of {server.facts.memory_mb} MiB"
        raise EngineError(
            f"{server.product.label} refuses the settings: innodb_buffer_pool_size {pool} is more than {memory}"
        )
    with tempfile.TemporaryDirectory(prefix="trial-", dir=server.facts.run) as name:
        trial = Path(name) / "my.cnf"
        files.write_text(trial, engine_config.option_file(server, settings))
        for path in (trial.parent, trial):
            server.facts.give(path)
        wrong = _wrong(server, trial)
    if wrong:
        words = "; ".join(_WHO.sub("", line) for line in wrong)
        raise EngineError(f"{server.product.label} refuses the settings: {words}")


def _wrong(server: Server, trial: Path) -> list[str]:
    """The lines in which the program complains of an option file."""
    said, code = trial.with_name("said"), trial.with_name("code")
    shell = 'said=$1; code=$2; shift 2; result=0; "$@" >/dev/null 2>"$said" || result=$?; echo $result >"$code"'
    server.programs.run(["sh", "-c", shell, "sh", said, code, *server.product.trial(server, trial)])
    lines = said.read_text(encoding="utf-8", errors="replace").splitlines()
    wrong = [line for line in lines if _SAID.search(line)]
    if code.read_text(encoding="utf-8").strip() == "0":
        return wrong
    return wrong or lines[-_LINES:] or ["it gave no reason"]
