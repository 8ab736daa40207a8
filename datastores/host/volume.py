"""The volume that holds a host's directories, where it is a device of its own."""

from __future__ import annotations

import os
import shutil
import subprocess

from datastores.host.errors import EngineError
from datastores.host.facts import Facts

_LEAST_FREE = 64 << 20
_LEAST_FREE_SHARE = 0.01


def problem(facts: Facts) -> str | None:
    """Why no database can work on it any more, in words for the tenant; None while it has room, or is not there yet."""
    if not facts.data.exists():
        return None
    usage = shutil.disk_usage(facts.data)
    if usage.free >= min(_LEAST_FREE, usage.total * _LEAST_FREE_SHARE):
        return None
    return "the instance's volume is full: use a larger volume"


def grow(facts: Facts) -> None:
    """Make the file system as large as its device, while it is in use (ext4); where there is none of its own, nothing.

    Raises EngineError with the program's words.
    """
    if not os.path.ismount(facts.root):
        return
    device = _run("findmnt", "--noheadings", "--output", "SOURCE", "--mountpoint", str(facts.root))
    _run("resize2fs", device.strip())


def _run(*command: str) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineError(f"the volume's file system did not grow: {done.stderr.strip()[-500:]}")
    return done.stdout
