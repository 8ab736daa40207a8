"""Jobs: start, poll and cancel long work on this host.

A job is known by its id: started twice, it runs once. Its supervisor holds the lock of its directory for life, so a
state that says running under a free lock means that it was killed. See `fence` for the order of operations.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import threading
import time
from typing import Any, Callable

from datastores.host import files, launch
from datastores.host.errors import BadRequest, Conflict
from datastores.host.facts import Facts
from datastores.host.fence import Fence, turn
from datastores.host.jobdir import CANCELLED, CLAIMED, DEAD, FINAL, RUNNING, JobDir, claim, same_job, specification
from datastores.host.process import start_time
from datastores.host.supervisor import Supervised, Work, supervise
from datastores.protocol.turns import Lock, Turn

UNKNOWN = "unknown"
LONGEST_WAIT = 10.0
_CANCEL_SECONDS = 15.0
_LOG_TAIL_BYTES = 4096
_KEPT = 20
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_REQUEST = {
    "job_id": str, "fence": int, "lock": str, "datastore": str, "version": str, "action": str, "arguments": dict,
    "time_limit": int,
}  # fmt: skip


def start(facts: Facts, request: dict[str, Any], work: Work) -> dict[str, Any]:
    """Start a job unless it was started before; running jobs of older operations that it does not bear are ended first.

    Raises BadRequest, Fenced (a newer operation was seen) or Conflict (the id belongs to another job).
    """
    _validate(request)
    asked = turn(request)
    with Fence(facts.jobs) as fence:
        fence.let_pass(asked)
        _end_older(facts, asked)
        job = JobDir(facts.jobs, request["job_id"])
        lock = claim(facts.jobs, job.id, specification(request)) or _adopt(job, request)
        if lock is not None:
            _launch(facts, Supervised(job, lock, request, work, _nothing), fence)
        _prune(facts, fence)
    return {"state": job.settled_status()["state"]}


def poll(facts: Facts, job_id: str, wait: float) -> dict[str, Any]:
    """A job's state, progress, result and the end of its log; waits up to `wait` (at most 10) seconds for its end."""
    job = JobDir(facts.jobs, _job_id(job_id))
    if not job.exists:
        return _report(job, {"state": UNKNOWN})
    if job.status()["state"] == RUNNING:
        _await_lock(job, min(wait, LONGEST_WAIT))
    return _report(job, job.settled_status())


def cancel(facts: Facts, job_id: str, asked: Turn) -> dict[str, Any]:
    """End a job, and keep one that was never started from starting. Raises Fenced for an older operation's request."""
    with Fence(facts.jobs) as fence:
        fence.let_pass(asked)
        job = JobDir(facts.jobs, _job_id(job_id))
        if (lock := claim(facts.jobs, job.id, asked.fields(), CANCELLED)) is not None:
            os.close(lock)
        else:
            _end(job)
    return {"state": job.settled_status()["state"]}


def forget_dead(facts: Facts, job_id: str) -> None:
    """Remove a job that was killed, so that its id can be started again."""
    job = JobDir(facts.jobs, _job_id(job_id))
    if (lock := job.try_lock()) is not None:
        if job.status()["state"] == DEAD:
            files.remove_tree(job.path)
        os.close(lock)


def resume(facts: Facts, job_id: str, request: dict[str, Any], work: Work) -> None:
    """Be the supervisor of a claimed job (in a process started for it); does nothing when another one is."""
    job = JobDir(facts.jobs, job_id)
    lock = job.try_lock()
    if lock is not None and job.status()["state"] == CLAIMED:
        supervise(Supervised(job, lock, request, work, _nothing))


def _nothing() -> None:
    return


def _job_id(job_id: str) -> str:
    if not _ID.fullmatch(job_id):
        raise BadRequest(f"job_id {job_id!r} is not a word of letters, digits, '.', '_' and '-'")
    return job_id


def _validate(request: dict[str, Any]) -> None:
    for name, kind in _REQUEST.items():
        if not isinstance(request.get(name), kind):
            raise BadRequest(f"job.start: field '{name}' must be of type {kind.__name__}")
    _job_id(request["job_id"])
    if request["time_limit"] <= 0:
        raise BadRequest("job.start: field 'time_limit' must be a positive number of seconds")


def _adopt(job: JobDir, request: dict[str, Any]) -> int | None:
    """The lock of a job that was claimed but whose starter died before it ran; None when it ran or runs."""
    stored = job.spec()
    if job.status()["state"] == CANCELLED and "salt" not in stored:
        return None
    if not same_job(stored, request):
        raise Conflict(f"job {job.id} was already started with another specification")
    lock = job.try_lock()
    if lock is None or job.status()["state"] == CLAIMED:
        return lock
    os.close(lock)
    return None


def _launch(facts: Facts, supervised: Supervised, fence: Fence) -> None:
    if launch.has_systemd():
        os.close(supervised.lock)
        launch.run_unit(facts, supervised.job, supervised.request)
        return

    def run(ready: Callable[[], None]) -> None:
        fence.close()
        supervised.ready = ready
        supervise(supervised)

    launch.fork_away(run)
    os.close(supervised.lock)


def _all(facts: Facts) -> list[JobDir]:
    return [JobDir(facts.jobs, path.name) for path in facts.jobs.iterdir() if _ID.fullmatch(path.name)]


def _end_older(facts: Facts, begun: Turn) -> None:
    for job in _all(facts):
        if job.status()["state"] not in FINAL and begun.hinders(_turn(job)):
            _end(job)


def _turn(job: JobDir) -> Turn:
    return turn({"fence": 0, "lock": Lock.EXCLUSIVE.value} | job.spec())  # as it is with those from before locks


def _end(job: JobDir) -> None:
    """End a job if it runs and wait for it; one that was claimed but never ran is marked as cancelled."""
    status = job.status()
    if status["state"] == RUNNING and start_time(status["pid"]) == status["start_time"]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(status["pid"], signal.SIGTERM)
        _await_lock(job, _CANCEL_SECONDS)
    lock = job.try_lock()
    if lock is not None:
        if job.status()["state"] == CLAIMED:
            job.set_status({"state": CANCELLED})
        os.close(lock)


def _await_lock(job: JobDir, seconds: float) -> None:
    """Wait until nobody holds the job's lock: the kernel wakes us as the supervisor ends."""

    def wait() -> None:
        descriptor = job.open_lock()
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        os.close(descriptor)

    if seconds > 0:
        waiter = threading.Thread(target=wait, daemon=True)
        waiter.start()
        waiter.join(seconds)


def _report(job: JobDir, status: dict[str, Any]) -> dict[str, Any]:
    nowhere = {"phase": "starting", "bytes": None, "percent": None}
    return {
        "state": UNKNOWN if status["state"] == CLAIMED else status["state"],
        "exit_code": status.get("exit_code"),
        "error": status.get("error"),
        "progress": files.read_json(job.path / "progress.json") or nowhere,
        "result": status.get("result"),
        "log_tail": files.tail(job.log, _LOG_TAIL_BYTES),
    }


def _prune(facts: Facts, fence: Fence) -> None:
    """Forget old ended jobs of operations that are over only: the fence keeps those from being started again."""
    ended = [job for job in _all(facts) if job.status()["state"] in FINAL and fence.hindrance(_turn(job))]
    ended.sort(key=lambda job: job.path.stat().st_mtime, reverse=True)
    for job in ended[_KEPT:]:
        files.remove_tree(job.path)
    for aside in facts.jobs.glob(".claim-*"):
        if time.time() - aside.stat().st_mtime > _CANCEL_SECONDS * 4:
            files.remove_tree(aside)
