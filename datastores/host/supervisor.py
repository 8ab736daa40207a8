"""The process that stands over a job: it forks the worker, keeps its log, its time limit and its state."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Optional

from datastores.host import files
from datastores.host.errors import HostError, JobCancelled, TimeLimit, from_os_error
from datastores.host.jobdir import JobDir, JobStatus
from datastores.host.process import boot_id, die_with_parent, kill_session, start_time
from datastores.host.progress import Progress
from datastores.host.redact import Redactor
from datastores.protocol import codec
from datastores.protocol.codec import Document
from datastores.protocol.requests import Failure, JobState, StartJob

Work = Callable[[Progress], object]
"""What a job does; its answer is a message."""
_GRACE_SECONDS = 5.0
_LOG_BYTES = 512 * 1024
_READ_BYTES = 64 * 1024


@dataclass
class Supervised:
    """A job to run: `lock` is its locked descriptor, `ready` is called once its state says running."""

    job: JobDir
    lock: int
    asked: StartJob
    work: Work
    ready: Callable[[], None]


def supervise(supervised: Supervised) -> None:
    """Run the worker to its end in this process's session and write the final state. Call in a detached process."""
    wake = _wake_on_signals()
    running = _running()
    supervised.job.set_status(running)
    log_read, log_write = os.pipe()
    supervisor = os.getpid()
    worker = os.fork()
    if worker == 0:
        os.close(log_read)
        _work(supervised, supervisor, log_write)
    os.setpgid(worker, worker)
    os.close(log_write)
    supervised.ready()
    redactor = Redactor(supervised.asked.arguments)
    reason, code = _watch(worker, wake, _Log(supervised.job.log, log_read, redactor), supervised)
    kill_session(os.getsid(0))
    supervised.job.set_status(_ended(running, _outcome_of(supervised.job, reason, code), code, redactor))


def _running() -> JobStatus:
    pid = os.getpid()
    return JobStatus(JobState.RUNNING, pid, start_time(pid), os.getsid(0), boot_id(), time.time())


def _wake_on_signals() -> int:
    """A descriptor that becomes readable with the number of each SIGTERM and SIGCHLD."""
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    return read


class _Log:
    """Copies what the worker says to the log, line by line with secrets masked, keeping the last part only."""

    def __init__(self, path: Path, source: int, redactor: Redactor) -> None:
        self.source = source
        os.set_blocking(source, False)
        self._path = path
        self._redactor = redactor
        self._rest = b""

    def pump(self) -> bool:
        """Copy what is there; False at the end of the stream."""
        try:
            data = os.read(self.source, _READ_BYTES)
        except BlockingIOError:
            return True
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _READ_BYTES:
            lines, self._rest = [*lines, self._rest], b""
        if lines:
            self._append(b"".join(self._redactor.line(line) + b"\n" for line in lines))
        return bool(data)

    def drain(self) -> None:
        """Copy what is left once the worker has ended."""
        while select_readable(self.source) and self.pump():
            pass
        if self._rest:
            self._append(self._redactor.line(self._rest) + b"\n")

    def _append(self, data: bytes) -> None:
        with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
            file.write(data)
            size = file.tell()
        if size > _LOG_BYTES:
            files.write_text(self._path, files.tail(self._path, _LOG_BYTES // 2))


def select_readable(descriptor: int) -> bool:
    """Whether a read would not block now."""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        return bool(selector.select(0))


def _watch(worker: int, wake: int, log: _Log, supervised: Supervised) -> tuple[HostError | None, int]:
    """Wait for the worker's end, the time limit or a SIGTERM; returns why we ended it, and its exit code."""
    ending = _Ending(worker, supervised.asked)
    with selectors.DefaultSelector() as selector:
        selector.register(wake, selectors.EVENT_READ)
        selector.register(log.source, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select(ending.seconds_left())}
            if log.source in ready and not log.pump():
                selector.unregister(log.source)
            signals = os.read(wake, 64) if wake in ready else b""
            pid, code = os.waitpid(worker, os.WNOHANG)
            if pid:
                log.drain()
                return ending.reason, os.waitstatus_to_exitcode(code)
            ending.consider(signals)


class _Ending:
    """Ends a worker that was cancelled or is late: SIGTERM to its group, SIGKILL after a grace period."""

    def __init__(self, worker: int, asked: StartJob) -> None:
        self.reason: HostError | None = None
        self._worker = worker
        self._asked = asked
        self._deadline: float = time.monotonic() + asked.time_limit

    def seconds_left(self) -> float:
        """Until something is to be done."""
        return max(0.0, self._deadline - time.monotonic())

    def consider(self, signals: bytes) -> None:
        """Act on signals that came, and on the time."""
        late = self.seconds_left() == 0.0
        if self.reason:
            if late:
                self._end(signal.SIGKILL)
        elif signal.SIGTERM in signals:
            self.reason = JobCancelled("the job was cancelled")
            self._end(signal.SIGTERM)
        elif late:
            self.reason = TimeLimit(f"'{self._asked.action}' did not finish within {self._asked.time_limit} seconds")
            self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        self._deadline = time.monotonic() + _GRACE_SECONDS
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._worker, number)


@dataclass(frozen=True)
class Outcome:
    """What a worker leaves: the answer of its work, or why there is none."""

    result: Optional[Document] = None
    error: Optional[Failure] = None


def _outcome_of(job: JobDir, reason: HostError | None, code: int) -> tuple[JobState, Outcome]:
    """How a job ended, from why we ended the worker or from what it left."""
    left = files.read_message(job.path / "outcome.json", Outcome) or Outcome()
    if code == 0 and left.result is not None:
        return JobState.SUCCEEDED, left
    if reason:
        state = JobState.CANCELLED if isinstance(reason, JobCancelled) else JobState.FAILED
        return state, Outcome(error=reason.failure())
    how = f"was ended by signal {-code} (out of memory?)" if code < 0 else f"failed with code {code}"
    crash = Failure("crashed", f"the job's worker {how}: see its log", retryable=False)
    return JobState.FAILED, Outcome(error=left.error or crash)


def _ended(running: JobStatus, ending: tuple[JobState, Outcome], code: int, redactor: Redactor) -> JobStatus:
    state, outcome = ending
    return replace(
        running, state=state, exit_code=code, result=outcome.result, error=redactor.failure(outcome.error),
        ended=time.time(),
    )  # fmt: skip


def _work(supervised: Supervised, parent: int, log: int) -> None:
    """The worker: does the work, leaves its outcome in a file. Never returns."""
    code = 1
    try:
        die_with_parent(parent)
        os.setpgid(0, 0)
        os.close(supervised.lock)
        _worker_signals()
        os.dup2(log, 1)
        os.dup2(log, 2)
        outcome = _outcome(supervised)
        files.write_message(supervised.job.path / "outcome.json", outcome)
        code = 0 if outcome.result is not None else 1
    finally:
        if sys.exc_info()[0] not in {None, SystemExit}:
            sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(code)


def _worker_signals() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise SystemExit(1)

    signal.signal(signal.SIGTERM, end)


def _outcome(supervised: Supervised) -> Outcome:
    try:
        return Outcome(result=codec.encode(supervised.work(Progress(supervised.job.path / "progress.json"))))
    except HostError as error:
        failure = error
    except OSError as error:
        failure = from_os_error(error)
    return Outcome(error=Redactor(supervised.asked.arguments).failure(failure.failure()))
