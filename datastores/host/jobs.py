"""Jobs: start, poll and cancel long work on this host.

A job is known by its id: started twice, it runs once. Its supervisor holds the lock of its directory for life, so a
state that says running under a free lock means that it was killed. See `fence` for the order of operations.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import threading
import time
from typing import Callable

from datastores.host import files, launch
from datastores.host.errors import Conflict, EngineError
from datastores.host.facts import Facts
from datastores.host.fence import Fence
from datastores.host.jobdir import FINAL, JobDir, JobSpec, JobStatus, claim, same_job, specification
from datastores.host.process import start_time
from datastores.host.supervisor import Supervised, Work, supervise
from datastores.protocol.requests import CancelJob, JobProgress, JobReport, JobState, StartJob
from datastores.protocol.turns import Turn

LONGEST_WAIT = 10.0
_CANCEL_SECONDS = 15.0
_LOG_TAIL_BYTES = 4096
_KEPT = 20


def start(facts: Facts, asked: StartJob, work: Work) -> JobReport:
    """Start a job unless it was started before, and report on it as `poll` does.

    Running jobs of older operations that it does not bear are ended first.

    Raises Fenced (a newer operation was seen) or Conflict (the id belongs to another job).
    """
    with Fence(facts.jobs) as fence:
        fence.let_pass(asked.turn)
        _end_older(facts, asked.turn)
        job = JobDir(facts.jobs, asked.job_id)
        lock = claim(facts.jobs, job.id, specification(asked)) or _adopt(job, asked)
        if lock is not None:
            _launch(facts, Supervised(job, lock, asked, work, _nothing), fence)
        _prune(facts, fence)
    return poll(facts, asked.job_id, asked.wait)


def poll(facts: Facts, job_id: str, wait: float) -> JobReport:
    """A job's state, progress, result and the end of its log; waits up to `wait` (at most 10) seconds for its end."""
    job = JobDir(facts.jobs, job_id)
    if not job.exists:
        return _report(job, JobStatus(JobState.UNKNOWN))
    if job.status().state == JobState.RUNNING:
        _await_lock(job, min(wait, LONGEST_WAIT))
    return _report(job, job.settled_status())


def cancel(facts: Facts, asked: CancelJob) -> JobReport:
    """End a job, and keep one that was never started from starting. Raises Fenced for an older operation's request."""
    with Fence(facts.jobs) as fence:
        fence.let_pass(asked.turn)
        job = JobDir(facts.jobs, asked.job_id)
        spec = JobSpec(asked.fence, asked.lock)
        if (lock := claim(facts.jobs, job.id, spec, JobState.CANCELLED)) is not None:
            os.close(lock)
        else:
            _end(job)
    return _report(job, job.settled_status())


def forget_dead(facts: Facts, job_id: str) -> None:
    """Remove a job that was killed, so that its id can be started again."""
    job = JobDir(facts.jobs, job_id)
    if (lock := job.try_lock()) is not None:
        if job.status().state == JobState.DEAD:
            files.remove_tree(job.path)
        os.close(lock)


def resume(facts: Facts, asked: StartJob, work: Work) -> None:
    """Be the supervisor of a claimed job (in a process started for it); does nothing when another one is."""
    job = JobDir(facts.jobs, asked.job_id)
    lock = job.try_lock()
    if lock is not None and job.status().state == JobState.CLAIMED:
        supervise(Supervised(job, lock, asked, work, _nothing))


def _nothing() -> None:
    return


def _adopt(job: JobDir, asked: StartJob) -> int | None:
    """The lock of a job that was claimed but whose starter died before it ran; None when it ran or runs."""
    stored = job.spec()
    if job.status().state == JobState.CANCELLED and stored.salt is None:
        return None
    if not same_job(stored, asked):
        raise Conflict(f"job {job.id} was already started with another specification")
    lock = job.try_lock()
    if lock is None or job.status().state == JobState.CLAIMED:
        return lock
    os.close(lock)
    return None


def _launch(facts: Facts, supervised: Supervised, fence: Fence) -> None:
    if launch.has_systemd():
        os.close(supervised.lock)
        launch.run_unit(facts, supervised.job, supervised.asked)
        return

    def run(ready: Callable[[], None]) -> None:
        fence.close()
        supervised.ready = ready
        supervise(supervised)

    is_ready = launch.fork_away(run)
    os.close(supervised.lock)
    if not is_ready and supervised.job.status().state == JobState.CLAIMED:
        raise EngineError("the job could not be started on the host")


def _all(facts: Facts) -> list[JobDir]:
    return [JobDir(facts.jobs, path.name) for path in facts.jobs.iterdir() if not path.name.startswith(".")]


def _end_older(facts: Facts, begun: Turn) -> None:
    for job in _all(facts):
        if job.status().state not in FINAL and begun.hinders(job.spec().turn):
            _end(job)


def _end(job: JobDir) -> None:
    """End a job if it runs and wait for it; one that was claimed but never ran is marked as cancelled."""
    status = job.status()
    if status.state == JobState.RUNNING and status.pid is not None and start_time(status.pid) == status.start_time:
        with contextlib.suppress(ProcessLookupError):
            os.kill(status.pid, signal.SIGTERM)
        _await_lock(job, _CANCEL_SECONDS)
    lock = job.try_lock()
    if lock is not None:
        if job.status().state == JobState.CLAIMED:
            job.set_status(JobStatus(JobState.CANCELLED))
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


def _report(job: JobDir, status: JobStatus) -> JobReport:
    return JobReport(
        state=JobState.UNKNOWN if status.state == JobState.CLAIMED else status.state,
        exit_code=status.exit_code,
        error=status.error,
        progress=files.read_message(job.path / "progress.json", JobProgress) or JobProgress("starting"),
        result=status.result,
        log_tail=files.tail(job.log, _LOG_TAIL_BYTES),
    )


def _prune(facts: Facts, fence: Fence) -> None:
    """Forget old ended jobs of operations that are over only: the fence keeps those from being started again."""
    ended = [job for job in _all(facts) if job.status().state in FINAL and fence.hindrance(job.spec().turn)]
    ended.sort(key=lambda job: job.path.stat().st_mtime, reverse=True)
    for job in ended[_KEPT:]:
        files.remove_tree(job.path)
    for aside in facts.jobs.glob(".claim-*"):
        if time.time() - aside.stat().st_mtime > _CANCEL_SECONDS * 4:
            files.remove_tree(aside)
