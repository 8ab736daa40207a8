"""The volume that holds a host's directories, where it is a device of its own."""

from __future__ import annotations

import os
import subprocess

from datastores.host.errors import EngineError
from datastores.host.facts import Facts


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
