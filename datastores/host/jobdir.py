"""A job's directory: its specification, its lock, its state."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

from datastores.host import files
from datastores.host.process import boot_id, kill_session

CLAIMED, RUNNING, SUCCEEDED, FAILED, DEAD, CANCELLED = (
    "claimed", "running", "succeeded", "failed", "dead", "cancelled",
)  # fmt: skip
FINAL = frozenset({SUCCEEDED, FAILED, DEAD, CANCELLED})
_PBKDF2_ROUNDS = 50_000
_RENEWED = "tls"
"""The argument that is another one each time a job is asked for: it does not tell one job from another."""


class JobDir:
    """One job on disk. Its `lock` file is locked by whoever runs (or is about to run) the job, for life."""

    def __init__(self, jobs: Path, job_id: str) -> None:
        self.id = job_id
        self.path = jobs / job_id

    @property
    def exists(self) -> bool:
        """Whether the job was ever claimed."""
        return self.path.is_dir()

    @property
    def log(self) -> Path:
        """What the job and its programs said, secrets masked."""
        return self.path / "log"

    def spec(self) -> dict[str, Any]:
        """The specification without arguments, with their digest."""
        return files.read_json(self.path / "spec.json") or {}

    def status(self) -> dict[str, Any]:
        """The last state written; its `state` is one of this module's words."""
        return files.read_json(self.path / "status.json") or {"state": CLAIMED}

    def set_status(self, status: dict[str, Any]) -> None:
        """Replace the state."""
        files.write_json(self.path / "status.json", status)

    def open_lock(self) -> int:
        """A descriptor of the lock file, not locked."""
        return os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)

    def try_lock(self) -> int | None:
        """The locked descriptor, or None while somebody holds the lock."""
        descriptor = self.open_lock()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def settled_status(self) -> dict[str, Any]:
        """The state as it is: `running` without a living supervisor is `dead`, and what is left of it is killed."""
        status = self.status()
        if status["state"] != RUNNING or (descriptor := self.try_lock()) is None:
            return status
        try:
            status = self.status()
            if status["state"] == RUNNING:
                if status["boot_id"] == boot_id():
                    kill_session(status["session"])
                message = "the job's process ended without a word (killed, or the host was rebooted)"
                status.update(state=DEAD, error={"type": "dead", "message": message, "retryable": True})
                self.set_status(status)
        finally:
            os.close(descriptor)
        return status


def claim(jobs: Path, job_id: str, spec: dict[str, Any], state: str = CLAIMED) -> int | None:
    """Make a job's directory in one step, its lock already held; returns the locked descriptor.

    None when the job exists: the directory is made aside and renamed, and rename(2) refuses a non-empty target.
    """
    aside = JobDir(jobs, f".claim-{secrets.token_hex(8)}")
    aside.path.mkdir(mode=0o700)
    descriptor = aside.open_lock()
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    files.write_json(aside.path / "spec.json", spec)
    aside.set_status({"state": state})
    try:
        aside.path.rename(jobs / job_id)
    except OSError:
        os.close(descriptor)
        files.remove_tree(aside.path)
        if not (jobs / job_id).is_dir():
            raise
        return None
    return descriptor


def specification(request: dict[str, Any]) -> dict[str, Any]:
    """What identifies a job, fit for the disk: its arguments (they hold secrets) only as a salted, slow digest."""
    names = ("fence", "lock", "action", "datastore", "version", "time_limit")
    return {name: request[name] for name in names} | _digest(request["arguments"], secrets.token_hex(16))


def same_job(stored: dict[str, Any], request: dict[str, Any]) -> bool:
    """Whether a request asks for the job that `stored` specifies."""
    names = ("action", "datastore", "version")
    if any(stored.get(name) != request[name] for name in names):
        return False
    digest = _digest(request["arguments"], stored["salt"])["arguments_digest"]
    return secrets.compare_digest(digest, stored["arguments_digest"])


def _digest(arguments: dict[str, Any], salt: str) -> dict[str, str]:
    telling = {name: value for name, value in arguments.items() if name != _RENEWED}
    canonical = json.dumps(telling, sort_keys=True).encode()
    digest = hashlib.pbkdf2_hmac("sha256", canonical, bytes.fromhex(salt), _PBKDF2_ROUNDS)
    return {"salt": salt, "arguments_digest": digest.hex()}
