"""The process that stands over a job: it forks the worker, keeps its log, its time limit and its state."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from datastores.host import files
from datastores.host.errors import HostError, JobCancelled, TimeLimit, from_os_error
from datastores.host.jobdir import CANCELLED, FAILED, RUNNING, SUCCEEDED, JobDir
from datastores.host.process import boot_id, die_with_parent, kill_session, start_time
from datastores.host.progress import Progress
from datastores.host.redact import Redactor

Work = Callable[[Progress], "dict[str, Any]"]
_GRACE_SECONDS = 5.0
_LOG_BYTES = 512 * 1024
_READ_BYTES = 64 * 1024


@dataclass
class Supervised:
    """A job to run: `lock` is its locked descriptor, `ready` is called once its state says running."""

    job: JobDir
    lock: int
    request: dict[str, Any]
    work: Work
    ready: Callable[[], None]


def supervise(supervised: Supervised) -> None:
    """Run the worker to its end in this process's session and write the final state. Call in a detached process."""
    wake = _wake_on_signals()
    identity = _identity()
    supervised.job.set_status({**identity, "state": RUNNING})
    log_read, log_write = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(log_read)
        _work(supervised, identity["pid"], log_write)
    os.setpgid(worker, worker)
    os.close(log_write)
    supervised.ready()
    redactor = Redactor(supervised.request["arguments"])
    reason, code = _watch(worker, wake, _Log(supervised.job.log, log_read, redactor), supervised)
    kill_session(identity["session"])
    status = {**identity, **_ending(supervised.job, reason, code)}
    if status["error"]:
        status["error"]["message"] = redactor.text(status["error"]["message"])
    supervised.job.set_status({**status, "ended": time.time()})


def _identity() -> dict[str, Any]:
    pid = os.getpid()
    return {
        "pid": pid,
        "start_time": start_time(pid),
        "session": os.getsid(0),
        "boot_id": boot_id(),
        "started": time.time(),
    }


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
    ending = _Ending(worker, supervised.request)
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

    def __init__(self, worker: int, request: dict[str, Any]) -> None:
        self.reason: HostError | None = None
        self._worker = worker
        self._request = request
        self._deadline: float = time.monotonic() + request["time_limit"]

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
            action, limit = self._request["action"], self._request["time_limit"]
            self.reason = TimeLimit(f"'{action}' did not finish within {limit} seconds")
            self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        self._deadline = time.monotonic() + _GRACE_SECONDS
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._worker, number)


def _ending(job: JobDir, reason: HostError | None, code: int) -> dict[str, Any]:
    """The final state's fields, from why we ended the worker or from what it left."""
    fields: dict[str, Any] = {"exit_code": code, "error": None, "result": None}
    outcome = files.read_json(job.path / "outcome.json") or {}
    if code == 0 and "result" in outcome:
        return {**fields, "state": SUCCEEDED, "result": outcome["result"]}
    if reason:
        state = CANCELLED if isinstance(reason, JobCancelled) else FAILED
        return {**fields, "state": state, "error": reason.document()}
    how = f"was ended by signal {-code} (out of memory?)" if code < 0 else f"failed with code {code}"
    crash = {"type": "crashed", "message": f"the job's worker {how}: see its log", "retryable": False}
    return {**fields, "state": FAILED, "error": outcome.get("error") or crash}


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
        files.write_json(supervised.job.path / "outcome.json", outcome)
        code = 0 if "result" in outcome else 1
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


def _outcome(supervised: Supervised) -> dict[str, Any]:
    try:
        return {"result": supervised.work(Progress(supervised.job.path / "progress.json"))}
    except HostError as error:
        failure = error
    except OSError as error:
        failure = from_os_error(error)
    redactor = Redactor(supervised.request["arguments"])
    return {"error": {**failure.document(), "message": redactor.text(str(failure))}}
