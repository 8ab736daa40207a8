"""The engine's own processes: started apart from any job, and again at every boot of the host."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

from datastores.host import files, launch, process
from datastores.host.errors import EngineError
from datastores.host.facts import Facts
from datastores.host.process import Programs

_RAISE_FILES = f'ulimit -Sn {process.FILES} 2>/dev/null || ulimit -Sn "$(ulimit -Hn)"'
_ORPHAN_TENTHS = 100


def register(programs: Programs, name: str, shell: str) -> Path:
    """Write the boot script: shell text that starts the engine as the engine's user and returns once it is up.

    It must hold no secret, and end well when the engine already runs. Its environment is that of the engine's programs.
    """
    facts = programs.facts
    script = facts.boot / name
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in programs.environment.items())
    body = f"#!/bin/sh\nset -e\n{exports}umask 077\ncd {shlex.quote(str(facts.root))}\n"
    shell = f"{_RAISE_FILES}\n{shell}"
    if facts.user:
        shell = f"exec runuser -u {shlex.quote(facts.user)} -- sh -e -c {shlex.quote(shell)}"
    files.write_text(script, f"{body}{shell}\n", 0o700)
    return script


def await_orphans(directory: Path) -> str:
    """Shell text that defines `works_here`, which tells whether a process works in a directory, and waits up to ten
    seconds until none does: the children of a killed server live on for a moment, and must not meet a new server."""
    pattern = re.sub(r"([*?\[\]\\])", r"\\\1", str(directory.resolve()))
    return f"""\
works_here() {{ find /proc/[0-9]*/cwd -maxdepth 0 -lname {shlex.quote(pattern)} 2>/dev/null | grep -q .; }}
tries={_ORPHAN_TENTHS}
while [ $tries -gt 0 ] && works_here; do sleep 0.1; tries=$((tries - 1)); done"""


def unregister(facts: Facts, name: str) -> None:
    """Do not start the engine at boot any more."""
    (facts.boot / name).unlink(missing_ok=True)


def start(facts: Facts, name: str) -> None:
    """Run the boot script, under systemd in a unit of its own so that the engine does not end with the job.

    Raises EngineError when it fails.
    """
    command = [str(facts.boot / name)]
    if launch.has_systemd():
        unit = ["systemd-run", f"--unit=trove-{name}", "--slice=trove.slice", "--collect", "--quiet"]
        command = [*unit, "-p", "Type=forking", "-p", "TimeoutStartSec=infinity", "--", *command]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise EngineError(f"{name} did not start")
