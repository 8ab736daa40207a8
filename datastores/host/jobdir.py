"""A job's directory: its specification, its lock, its state."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

from datastores.host import files
from datastores.host.process import boot_id, kill_session
from datastores.protocol.codec import Document
from datastores.protocol.requests import Failure, JobState, StartJob
from datastores.protocol.turns import Lock, Turn

FINAL = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.DEAD, JobState.CANCELLED})
_PBKDF2_ROUNDS = 50_000
_KILLED = Failure("dead", "the job's process ended without a word (killed, or the host was rebooted)", retryable=True)
_RENEWED = "tls"
"""The argument that is another one each time a job is asked for: it does not tell one job from another."""


@dataclass(frozen=True)
class JobSpec:
    """What identifies a job, fit for the disk: its arguments (they hold secrets) only as a salted, slow digest.

    A job that was cancelled before it was started has its operation's turn only.
    """

    fence: int = 0
    lock: Lock = Lock.EXCLUSIVE
    action: Optional[str] = None
    datastore: Optional[str] = None
    version: Optional[str] = None
    time_limit: Optional[int] = None
    salt: Optional[str] = None
    arguments_digest: Optional[str] = None

    @property
    def turn(self) -> Turn:
        """Its operation's turn."""
        return Turn(self.fence, self.lock)


@dataclass(frozen=True)
class JobStatus:
    """How a job fares, its supervisor's process, and how it ended: times are seconds since 1970, `result` the answer of
    its work."""

    state: JobState
    pid: Optional[int] = None
    start_time: Optional[str] = None
    session: Optional[int] = None
    boot_id: Optional[str] = None
    started: Optional[float] = None
    ended: Optional[float] = None
    exit_code: Optional[int] = None
    error: Optional[Failure] = None
    result: Optional[Document] = None


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

    def spec(self) -> JobSpec:
        """What was claimed."""
        return files.read_message(self.path / "spec.json", JobSpec) or JobSpec()

    def status(self) -> JobStatus:
        """The last state written."""
        return files.read_message(self.path / "status.json", JobStatus) or JobStatus(JobState.CLAIMED)

    def set_status(self, status: JobStatus) -> None:
        """Replace the state."""
        files.write_message(self.path / "status.json", status)

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

    def settled_status(self) -> JobStatus:
        """The state as it is: `running` without a living supervisor is `dead`, and what is left of it is killed."""
        status = self.status()
        if status.state != JobState.RUNNING or (descriptor := self.try_lock()) is None:
            return status
        try:
            status = self.status()
            if status.state == JobState.RUNNING:
                if status.session is not None and status.boot_id == boot_id():
                    kill_session(status.session)
                status = replace(status, state=JobState.DEAD, error=_KILLED)
                self.set_status(status)
        finally:
            os.close(descriptor)
        return status


def claim(jobs: Path, job_id: str, spec: JobSpec, state: JobState = JobState.CLAIMED) -> int | None:
    """Make a job's directory in one step, its lock already held; returns the locked descriptor.

    None when the job exists: the directory is made aside and renamed, and rename(2) refuses a non-empty target.
    """
    aside = JobDir(jobs, f".claim-{secrets.token_hex(8)}")
    aside.path.mkdir(mode=0o700)
    descriptor = aside.open_lock()
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    files.write_message(aside.path / "spec.json", spec)
    aside.set_status(JobStatus(state))
    try:
        aside.path.rename(jobs / job_id)
    except OSError:
        os.close(descriptor)
        files.remove_tree(aside.path)
        if not (jobs / job_id).is_dir():
            raise
        return None
    return descriptor


def specification(asked: StartJob) -> JobSpec:
    """What identifies a job."""
    salt = secrets.token_hex(16)
    return JobSpec(
        asked.fence, asked.lock, asked.action, asked.datastore, asked.version, asked.time_limit, salt,
        _digest(asked.arguments, salt),
    )  # fmt: skip


def same_job(stored: JobSpec, asked: StartJob) -> bool:
    """Whether a request asks for the job that `stored` specifies."""
    if (stored.action, stored.datastore, stored.version) != (asked.action, asked.datastore, asked.version):
        return False
    if stored.salt is None or stored.arguments_digest is None:
        return False
    return secrets.compare_digest(_digest(asked.arguments, stored.salt), stored.arguments_digest)


def _digest(arguments: Document, salt: str) -> str:
    telling = {name: value for name, value in arguments.items() if name != _RENEWED}
    canonical = json.dumps(telling, sort_keys=True).encode()
    return hashlib.pbkdf2_hmac("sha256", canonical, bytes.fromhex(salt), _PBKDF2_ROUNDS).hex()
