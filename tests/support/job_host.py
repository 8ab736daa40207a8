"""A host whose jobs do what a test asks, run as a program: facts' root in argv, one request on stdin, one reply out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from datastores.host import facts as host_facts
from datastores.host import jobs
from datastores.host.errors import BadRequest, EngineError, HostError
from datastores.host.process import Programs
from datastores.host.progress import Progress
from datastores.host.supervisor import Work
from datastores.protocol import codec, requests
from datastores.protocol.codec import ProtocolError
from datastores.protocol.message import Done
from datastores.protocol.requests import CancelJob, PollJob, Reply, StartJob


@dataclass(frozen=True)
class Counted:
    """The answer of `count`."""

    counted: bool


def facts_of(root: Path) -> host_facts.Facts:
    """Facts of a host for tests of jobs only."""
    document = {
        "host_id": "h", "substrate": "local", "root": str(root), "address": "127.0.0.1", "python": sys.executable,
        "memory_mb": 512, "cpus": 1, "volume_gb": 1,
    }  # fmt: skip
    return host_facts.parse(document, "test")


def work_of(root: Path, asked: StartJob) -> Work:
    """The work: count the runs, then do what the action says."""

    def work(progress: Progress) -> object:
        progress.phase("working")
        with (root / "runs").open("a") as file:
            file.write(f"{asked.job_id}\n")
        return _ACTIONS[asked.action](root, asked)

    return work


def _count(root: Path, asked: StartJob) -> object:
    return Counted(counted=True)


def _wait(root: Path, asked: StartJob) -> object:
    child = Programs(facts_of(root)).popen(["sleep", "1000"])
    (root / "child").write_text(str(child.pid))
    while not (root / "go").exists():
        time.sleep(0.01)
    child.kill()
    return Done()


def _talk(root: Path, asked: StartJob) -> object:
    password = str(asked.arguments["password"])
    subprocess.run(
        ["sh", "-c", 'echo "the password is $P, and unfinished $P" | tr -d "\\n"'], env={"P": password}, check=True
    )
    raise EngineError(f"cannot log in with {password}")


def _crash(root: Path, asked: StartJob) -> object:
    raise ZeroDivisionError("a fault of ours")


def _full(root: Path, asked: StartJob) -> object:
    with Path("/dev/full").open("w") as file:
        file.write("x")
    return Done()


_ACTIONS = {"count": _count, "wait": _wait, "talk": _talk, "crash": _crash, "full": _full}


def answer(facts: host_facts.Facts, root: Path, request: requests.Request) -> object:
    """The answer to a request about jobs."""
    if isinstance(request, StartJob):
        return jobs.start(facts, request, work_of(root, request))
    if isinstance(request, PollJob):
        return jobs.poll(facts, request.job_id, request.wait)
    assert isinstance(request, CancelJob)
    return jobs.cancel(facts, request)


def main() -> None:
    """Answer one request."""
    root, line = Path(sys.argv[1]), sys.stdin.readline()
    facts = facts_of(root)
    facts.prepare()
    try:
        reply = Reply(ok=True, result=codec.encode(answer(facts, root, requests.read(json.loads(line)))))
    except ProtocolError as error:
        reply = Reply(ok=False, error=BadRequest(str(error)).failure())
    except HostError as error:
        reply = Reply(ok=False, error=error.failure())
    sys.stdout.write(json.dumps(codec.encode(reply)))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
