"""Jobs: once, fenced, seen when dead, and silent about secrets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datastores.host.errors import BadRequest
from datastores.host.facts import parse
from datastores.host.jobdir import JobDir, claim, specification
from datastores.host.launch import unit_command
from datastores.host.process import kill_session, session_members, start_time
from datastores.protocol.requests import JobState, StartJob
from datastores.protocol.turns import Lock
from tests.support import job_host

SECRET = "a canary; not to be seen"
REPOSITORY = Path(__file__).parents[2]


class Host:
    """Asks the host program."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def ask(self, **request: object) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", job_host.__name__, str(self.root)],
            input=json.dumps(request), capture_output=True, text=True, check=True, cwd=REPOSITORY,
        )  # fmt: skip
        reply: dict[str, Any] = json.loads(done.stdout)
        return reply

    def start(self, job_id: str = "op-1", action: str = "count", fence: int = 1, **more: object) -> dict[str, Any]:
        arguments = {"password": SECRET}
        request = {"datastore": "d", "version": "1", "lock": "exclusive", "arguments": arguments, "time_limit": 60}
        return self.ask(command="job.start", job_id=job_id, action=action, fence=fence, **request | more)

    def poll(self, job_id: str = "op-1", wait: float = 10) -> dict[str, Any]:
        result: dict[str, Any] = self.ask(command="job.poll", job_id=job_id, wait=wait)["result"]
        return result

    def cancel(self, job_id: str = "op-1", fence: int = 1, lock: str = "exclusive") -> dict[str, Any]:
        return self.ask(command="job.cancel", job_id=job_id, fence=fence, lock=lock)

    def runs(self) -> list[str]:
        return (self.root / "runs").read_text().split() if (self.root / "runs").exists() else []


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_job_runs_and_its_result_is_polled(host: Host) -> None:
    assert host.start()["result"]["state"] in {"running", "succeeded"}
    state = host.poll()
    assert (state["state"], state["exit_code"], state["result"]) == ("succeeded", 0, {"counted": True})
    assert state["progress"]["phase"] == "working"


def test_started_by_many_at_once_it_runs_once(host: Host) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: host.start(), range(8)))
    assert all(reply["ok"] for reply in replies), replies
    assert host.poll()["state"] == "succeeded"
    assert host.start()["result"]["state"] == "succeeded"
    assert host.runs() == ["op-1"]


def test_the_same_id_with_another_specification_is_a_conflict(host: Host) -> None:
    host.start()
    for other in ({"action": "wait"}, {"arguments": {"password": "another"}}, {"version": "2"}):
        assert host.start(**other)["error"]["type"] == "conflict"


def test_a_certificate_made_anew_does_not_make_another_job(host: Host) -> None:
    for word in ("first", "second"):
        tls = {"certificate": word, "private_key": f"{SECRET} {word}"}
        assert host.start(arguments={"password": SECRET, "tls": tls})["ok"]
    assert host.poll()["state"] == "succeeded"
    assert host.runs() == ["op-1"]
    assert not [path for path in host.root.rglob("*") if path.is_file() and SECRET in path.read_text()]


def test_an_older_operation_is_refused(host: Host) -> None:
    host.start("op-2", fence=5)
    reply = host.start("op-1", fence=4)
    assert reply["error"]["type"] == "fenced"
    assert not reply["error"]["retryable"]
    assert host.cancel("op-2", fence=4)["error"]["type"] == "fenced"
    assert host.poll("op-1")["state"] == "unknown"


def test_a_newer_operation_ends_what_still_runs_of_older_ones(host: Host) -> None:
    host.start("old", "wait", fence=1)
    host.start("new", fence=2)
    assert host.poll("old")["state"] == "cancelled"
    assert host.poll("new")["state"] == "succeeded"


@pytest.mark.parametrize("lock", ["accounts", "reading"])
def test_a_copy_goes_on_beside_newer_changes_of_accounts_and_readings(host: Host, lock: str) -> None:
    host.start("copy", "wait", fence=1, lock="copying")
    for number in range(2, 30):
        host.start(f"op-{number}", fence=number, lock=lock)
        assert host.poll(f"op-{number}")["state"] == "succeeded"
    assert host.start("copy", "wait", fence=1, lock="copying")["result"]["state"] == "running"
    assert host.start("op-28", fence=28, lock=lock)["error"]["type"] == "fenced"
    assert host.cancel("copy", fence=1, lock="copying")["result"]["state"] == "cancelled"
    host.start("stop", fence=30)
    assert host.start("copy-2", fence=1, lock="copying")["error"]["type"] == "fenced"


@pytest.mark.parametrize(("lock", "newer"), [("copying", "exclusive"), ("copying", "copying"), ("accounts", "reading")])
def test_what_a_newer_operation_does_not_bear_is_ended(host: Host, lock: str, newer: str) -> None:
    host.start("old", "wait", fence=1, lock=lock)
    host.start("new", fence=2, lock=newer)
    assert host.poll("old")["state"] == "cancelled"
    assert host.cancel("old", fence=1, lock=lock)["error"]["type"] == "fenced"


def test_a_fence_from_before_there_were_locks_holds(host: Host) -> None:
    job_host.facts_of(host.root).prepare()
    (host.root / "jobs" / ".fence").write_text(json.dumps({"newest": 3}))
    assert host.start("late", fence=2, lock="copying")["error"]["type"] == "fenced"
    host.start("copy", fence=4, lock="copying")
    assert host.start("late", fence=2, lock="accounts")["error"]["type"] == "fenced"


def test_a_request_without_a_lock_is_refused(host: Host) -> None:
    assert host.start(lock="some")["error"]["message"].startswith("lock must be one of exclusive")


def test_a_killed_supervisor_is_seen_and_leaves_nothing_running(host: Host) -> None:
    host.start(action="wait")
    child = int(_when(host.root / "child", lambda text: text))
    status = json.loads((host.root / "jobs/op-1/status.json").read_text())
    os.kill(status["pid"], signal.SIGKILL)
    state = host.poll()
    assert (state["state"], state["error"]["type"]) == ("dead", "dead")
    assert host.start(action="wait")["result"]["state"] == "dead"
    _until(lambda: _ended(child))


def test_a_supervisor_that_is_killed_as_it_starts_is_told_as_dead(host: Host) -> None:
    """Also before it has told its starter that it runs; another id begins anew then."""
    for number in range(10):
        with ThreadPoolExecutor(1) as pool:
            started = pool.submit(host.start, f"op-{number}", "wait", number + 1)
            status = _when(host.root / f"jobs/op-{number}/status.json", lambda text: text if "running" in text else "")
            os.kill(json.loads(status)["pid"], signal.SIGKILL)
        reply = started.result()
        assert reply["ok"], reply
        assert host.poll(f"op-{number}")["state"] == "dead"


def test_a_job_of_an_earlier_boot_is_dead(host: Host) -> None:
    host.start()
    host.poll()
    job = JobDir(host.root / "jobs", "op-1")
    job.set_status(replace(job.status(), state=JobState.RUNNING, boot_id="another"))
    assert host.poll()["state"] == "dead"


def test_cancel_ends_a_running_job(host: Host) -> None:
    host.start(action="wait")
    child = int(_when(host.root / "child", lambda text: text))
    assert host.cancel()["result"]["state"] == "cancelled"
    _until(lambda: _ended(child))


def test_a_job_cancelled_before_its_start_never_starts(host: Host) -> None:
    assert host.cancel()["result"]["state"] == "cancelled"
    assert host.start()["result"]["state"] == "cancelled"
    assert host.runs() == []


def test_the_time_limit_ends_a_job(host: Host) -> None:
    host.start(action="wait", time_limit=1)
    state = host.poll()
    assert (state["state"], state["error"]["type"]) == ("failed", "timeout")
    assert "within 1 seconds" in state["error"]["message"]


def test_poll_waits_for_the_end_and_not_longer(host: Host) -> None:
    host.start(action="wait")
    before = time.monotonic()
    assert host.poll(wait=0.3)["state"] == "running"
    assert time.monotonic() - before >= 0.3
    (host.root / "go").touch()
    assert host.poll()["state"] == "succeeded"


def test_a_claimed_job_whose_starter_died_is_run_by_the_next_start(host: Host) -> None:
    facts = job_host.facts_of(host.root)
    facts.prepare()
    asked = StartJob("op-1", 1, Lock.EXCLUSIVE, "d", "1", "count", {"password": SECRET}, 60)
    lock = claim(facts.jobs, "op-1", specification(asked))
    assert lock is not None
    os.close(lock)
    assert host.poll()["state"] == "unknown"
    host.start()
    assert host.poll()["state"] == "succeeded"


def test_secrets_are_on_no_disk_and_in_no_answer(host: Host) -> None:
    host.start(action="talk")
    state = host.poll()
    assert state["error"] == {"type": "engine_error", "message": "cannot log in with ***", "retryable": False}
    assert state["log_tail"] == "the password is ***, and unfinished ***\n"
    for path in (path for path in host.root.rglob("*") if path.is_file()):
        assert SECRET not in path.read_text()
        assert path.stat().st_mode & 0o077 == 0 or path.name == "runs"


def test_a_fault_of_ours_fails_the_job_with_a_trace_in_its_log(host: Host) -> None:
    host.start(action="crash")
    state = host.poll()
    assert (state["state"], state["error"]["type"], state["exit_code"]) == ("failed", "crashed", 1)
    assert "ZeroDivisionError: a fault of ours" in state["log_tail"]


def test_a_full_disk_is_told_as_such(host: Host) -> None:
    host.start(action="full")
    assert host.poll()["error"]["type"] == "disk_full"


def test_old_ended_jobs_are_forgotten_but_never_run_again(host: Host) -> None:
    for number in range(1, 25):
        host.start(f"op-{number}", fence=number)
        host.poll(f"op-{number}")
    assert host.poll("op-1")["state"] == "unknown"
    assert host.start("op-1", fence=1)["error"]["type"] == "fenced"
    assert len(host.runs()) == 24


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"job_id": "../up"}, "job_id"), ({"time_limit": 0}, "time_limit"), ({"arguments": []}, "arguments")],
)
def test_a_malformed_request_is_refused(host: Host, wrong: dict[str, Any], word: str) -> None:
    error = host.start(**wrong)["error"]
    assert error["type"] == "bad_request"
    assert word in error["message"]


def test_the_unit_of_a_job_ends_with_all_its_processes_and_names_no_secret(tmp_path: Path) -> None:
    facts = job_host.facts_of(tmp_path)
    command = unit_command(facts, JobDir(tmp_path, "op-1"), 100, ["bundle.zip", "--supervise", "request"])
    assert command[:2] == ["systemd-run", "--unit=trove-job-op-1"]
    assert "KillMode=control-group" in command
    assert "RuntimeMaxSec=130" in command
    assert SECRET not in " ".join(command)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cpus": None}, "field 'cpus' must be an integer"),
        ({"root": "relative"}, "field 'root' must be an absolute path"),
    ],
)
def test_wrong_facts_name_source_and_field(change: dict[str, Any], message: str) -> None:
    good = {
        "host_id": "h", "substrate": "local", "root": "/x", "address": "127.0.0.1", "python": "python3",
        "memory_mb": 1, "cpus": 1, "volume_gb": 1,
    }  # fmt: skip
    with pytest.raises(BadRequest, match=rf"facts\.json: {message}"):
        parse({**good, **change}, "facts.json")
    with pytest.raises(BadRequest, match=r"facts\.json: field 'address' is missing"):
        parse({name: value for name, value in good.items() if name != "address"}, "facts.json")


def test_a_zombie_is_dead() -> None:
    """Under a process 1 that reaps nothing, ended processes stay zombies: they neither live nor lead a session."""
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        signal.pause()
        os._exit(0)
    _until(lambda: session_members(child))
    assert start_time(child) is None
    (left,) = session_members(child)
    kill_session(child)
    _until(lambda: start_time(left) is None)
    assert session_members(child) == []
    os.waitpid(child, 0)


def _when(path: Path, good: Callable[[str], object]) -> str:
    _until(lambda: path.exists() and good(path.read_text()))
    return path.read_text()


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _ended(pid: int) -> bool:
    """Whether a process has ended: gone, or only waiting to be collected by the machine's init."""
    return start_time(pid) is None
