"""The flags: "List of command-line flags" in the manual, given as variables.

All are in force after a restart. What the program itself refuses to read is refused before anything is changed; what it
refuses only when it starts makes the restart go back to the flags with which it started last.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from pathlib import Path
from typing import Any

from datastores.host import bearer, files
from datastores.host.errors import BadRequest, EngineError, ProgramFailed
from datastores.protocol.engine import Settings
from datastores.victoriametrics.engine_server import PROGRAM, Metrics

_MARK = "TROVE_FLAGS"  # a variable that is no flag, but tells which flags a server was started with
_FLAG = re.compile(r"[a-zA-Z]+(\.[a-zA-Z]+)*")


def write(metrics: Metrics, settings: Settings) -> None:
    """Write the flags. Raises BadRequest for one that cannot be written."""
    _put(metrics, metrics.conf, _variables(metrics, settings))


def change(metrics: Metrics, settings: Settings) -> None:
    """Write flags that the program can read. Raises EngineError with its words, and nothing is changed."""
    variables = _variables(metrics, settings)
    try:
        metrics.programs.run([metrics.bin / PROGRAM, "-envflag.enable", "-version"], environment=variables)
    except ProgramFailed as error:
        raise EngineError(f"VictoriaMetrics refused: {str(error).rpartition('cannot')[2].strip()}") from error
    _put(metrics, metrics.conf, variables)


def keep(metrics: Metrics) -> None:
    """Remember the flags with which the server runs."""
    _copy(metrics, metrics.conf, _before(metrics))


def go_back(metrics: Metrics) -> bool:
    """Put back the flags with which it ran last; whether these are others."""
    before = _before(metrics)
    if not before.exists() or before.read_text() == metrics.conf.read_text():
        return False
    _copy(metrics, before, metrics.conf)
    return True


def restart_required(metrics: Metrics) -> bool:
    """Whether the server runs with other flags than it would be started with."""
    running = metrics.daemon.variable(_MARK)
    return running is not None and f"{_MARK}={running}\n" not in metrics.conf.read_text()


def tls(metrics: Metrics) -> bool:
    """Whether the server was started with TLS."""
    return metrics.daemon.variable("tls") == "true"


def _variables(metrics: Metrics, settings: Settings) -> dict[str, str]:
    for name in settings:
        if not _FLAG.fullmatch(name):
            raise BadRequest(f"{name!r} is not the name of a flag of VictoriaMetrics")
    facts, key = metrics.facts, bearer.key_file(metrics.facts).read_text()
    fixed: dict[str, Any] = {
        "storageDataPath": metrics.data,
        "httpListenAddr": f"{facts.address}:{metrics.port}",
        "snapshotAuthKey": key,
        "pprofAuthKey": key,
        "loggerLevel": "WARN",
    }
    if facts.has_certificate:
        fixed |= {"tls": True, "tlsCertFile": facts.certificate, "tlsKeyFile": facts.private_key}
    # "-envflag.enable" in the manual: a dot in a flag's name is an underscore in the variable's
    return {name.replace(".", "_"): _text(value) for name, value in {**settings, **fixed}.items()}


def _text(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if any(character in text for character in "\n\r\0"):
        raise BadRequest("a setting's value must be one line")
    return text


def _put(metrics: Metrics, path: Path, variables: dict[str, str]) -> None:
    text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(variables.items()))
    files.write_text(path, f"{text}{_MARK}={hashlib.sha256(text.encode()).hexdigest()}\n")
    metrics.facts.give(path)


def _copy(metrics: Metrics, source: Path, target: Path) -> None:
    files.write_text(target, source.read_text())
    metrics.facts.give(target)


def _before(metrics: Metrics) -> Path:
    return metrics.conf.with_suffix(".before")
