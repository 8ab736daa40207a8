"""The proxy of endpoints: HAProxy from a Debian package, with its shared libraries."""

import os
import subprocess
from pathlib import Path

from deploy.local.engines.trees import Tree

TREE = Tree("haproxy", "2.6", "2.6", ("haproxy",))


def program(engines: Path) -> Path:
    """Return the path of the proxy's program, which need not exist."""
    return engines / TREE.name / "usr" / "sbin" / "haproxy"


def environment(engines: Path) -> dict[str, str]:
    """Return the environment that the program needs; a tree that is a link to the system has its libraries there."""
    tree = engines / TREE.name
    libraries = [] if tree.is_symlink() else sorted(map(str, tree.glob("usr/lib/*-linux-gnu*")))
    return {"PATH": os.defpath, "LANG": "C.UTF-8", **({"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {})}


def problem(engines: Path) -> str | None:
    """Return why the proxy cannot run on this machine, None if it can."""
    path = program(engines)
    if not path.exists():
        return f"{path} is missing"
    done = subprocess.run([path, "-v"], env=environment(engines), capture_output=True, text=True, check=False)
    return f"{path.name} does not run: {done.stderr.strip()}" if done.returncode else None
