"""What is sent to a host, one JSON line, and what it answers, another.

A request is the command's name, its fields, and for work its action with the arguments (`datastores.protocol.work`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Optional, Union

from datastores.protocol import codec
from datastores.protocol.codec import Document, ProtocolError
from datastores.protocol.turns import Lock, Turn

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class JobState(str, Enum):
    """How a job fares; UNKNOWN: it was never started here, DEAD: it was killed."""

    UNKNOWN = "unknown"
    CLAIMED = "claimed"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DEAD = "dead"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class StartJob:
    """Start a job, unless one of that id was started before; wait up to so many seconds for its end."""

    job_id: str
    fence: int
    lock: Lock
    datastore: str
    version: str
    action: str
    arguments: Document = field(repr=False)
    time_limit: int
    wait: float = 0.0

    def __post_init__(self) -> None:
        _check_id(self.job_id)
        if self.time_limit <= 0:
            raise ProtocolError("time_limit must be a positive number of seconds")

    @property
    def turn(self) -> Turn:
        """The operation's turn."""
        return Turn(self.fence, self.lock)


@dataclass(frozen=True)
class Change(StartJob):
    """Make a change as a job; one that was killed is forgotten, so that the next request makes it again."""


@dataclass(frozen=True)
class PollJob:
    """Report on a job; wait up to so many seconds for its end."""

    job_id: str
    wait: float = 0.0

    def __post_init__(self) -> None:
        _check_id(self.job_id)


@dataclass(frozen=True)
class CancelJob:
    """End a job, and keep one that was never started from starting."""

    job_id: str
    fence: int
    lock: Lock

    def __post_init__(self) -> None:
        _check_id(self.job_id)

    @property
    def turn(self) -> Turn:
        """The operation's turn."""
        return Turn(self.fence, self.lock)


@dataclass(frozen=True)
class Call:
    """Answer a call at once; one that changes something has the operation's turn."""

    datastore: str
    version: str
    action: str
    arguments: Document = field(repr=False)
    fence: Optional[int] = None
    lock: Optional[Lock] = None

    @property
    def turn(self) -> Turn:
        """The operation's turn. Raises ProtocolError where there is none."""
        if self.fence is None or self.lock is None:
            raise ProtocolError(f"{self.action} changes something: fence or lock is missing")
        return Turn(self.fence, self.lock)


Request = Union[StartJob, Change, PollJob, CancelJob, Call]
_COMMANDS: dict[str, type[Request]] = {
    "job.start": StartJob,
    "job.poll": PollJob,
    "job.cancel": CancelJob,
    "call": Call,
    "change": Change,
}


@dataclass(frozen=True)
class Failure:
    """An error of a host: its type (`datastores.host.errors`), words for the tenant, whether it may pass."""

    type: str
    message: str
    retryable: bool


@dataclass(frozen=True)
class Reply:
    """The answer to a request, or why there is none."""

    ok: bool
    result: Optional[Document] = None
    error: Optional[Failure] = None


@dataclass(frozen=True)
class JobProgress:
    """How far a job is; bytes and percent where they can be told."""

    phase: str
    bytes: Optional[int] = None
    percent: Optional[float] = None


@dataclass(frozen=True)
class JobReport:
    """How a job fares; `result` is the answer of its work."""

    state: JobState
    exit_code: Optional[int]
    error: Optional[Failure]
    progress: JobProgress
    result: Optional[Document]
    log_tail: str


def write(request: Request) -> dict[str, object]:
    """A request as JSON has it."""
    [command] = [name for name, kind in _COMMANDS.items() if kind is type(request)]
    return {"command": command, **codec.encode(request)}


def read(document: object) -> Request:
    """A request from JSON. Raises ProtocolError."""
    if not isinstance(document, dict):
        raise ProtocolError("the request is not a JSON object")
    command, fields = document.get("command"), {name: document[name] for name in document if name != "command"}
    if command not in _COMMANDS:
        raise ProtocolError(f"there is no command {command!r}: there are {', '.join(sorted(_COMMANDS))}")
    return codec.decode(_COMMANDS[command], fields)


def _check_id(job_id: str) -> None:
    """Raises ProtocolError for what is no job's id."""
    if not _ID.fullmatch(job_id):
        raise ProtocolError(f"job_id {job_id!r} is not a word of letters, digits, '.', '_' and '-'")
