"""A host whose jobs do what a test asks, run as a program: facts' root in argv, one request on stdin, one reply out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from datastores.host import facts as host_facts
from datastores.host import jobs
from datastores.host.errors import EngineError, HostError
from datastores.host.fence import turn
from datastores.host.process import Programs
from datastores.host.progress import Progress


def facts_of(root: Path) -> host_facts.Facts:
    """Facts of a host for tests of jobs only."""
    document = {
        "host_id": "h", "substrate": "local", "root": str(root), "address": "127.0.0.1", "python": sys.executable,
        "memory_mb": 512, "cpus": 1, "volume_gb": 1,
    }  # fmt: skip
    return host_facts.parse(document, "test")


def work_of(root: Path, request: dict[str, Any]) -> Any:  # noqa: ANN401 - the work of a job
    """The work: count the runs, then do what the action says."""

    def work(progress: Progress) -> dict[str, Any]:
        progress.phase("working")
        with (root / "runs").open("a") as file:
            file.write(f"{request['job_id']}\n")
        return _ACTIONS[request["action"]](root, request)

    return work


def _count(root: Path, request: dict[str, Any]) -> dict[str, Any]:
    return {"counted": True}


def _wait(root: Path, request: dict[str, Any]) -> dict[str, Any]:
    child = Programs(facts_of(root)).popen(["sleep", "1000"])
    (root / "child").write_text(str(child.pid))
    while not (root / "go").exists():
        time.sleep(0.01)
    child.kill()
    return {}


def _talk(root: Path, request: dict[str, Any]) -> dict[str, Any]:
    password = request["arguments"]["password"]
    subprocess.run(
        ["sh", "-c", 'echo "the password is $P, and unfinished $P" | tr -d "\\n"'], env={"P": password}, check=True
    )
    raise EngineError(f"cannot log in with {password}")


def _crash(root: Path, request: dict[str, Any]) -> dict[str, Any]:
    raise ZeroDivisionError("a fault of ours")


def _full(root: Path, request: dict[str, Any]) -> dict[str, Any]:
    with Path("/dev/full").open("w") as file:
        file.write("x")
    return {}


_ACTIONS = {"count": _count, "wait": _wait, "talk": _talk, "crash": _crash, "full": _full}


def main() -> None:
    """Answer one request."""
    root, request = Path(sys.argv[1]), json.loads(sys.stdin.readline())
    facts = facts_of(root)
    facts.prepare()
    try:
        if request["command"] == "job.start":
            result = jobs.start(facts, request, work_of(root, request))
        elif request["command"] == "job.poll":
            result = jobs.poll(facts, request["job_id"], request["wait"])
        else:
            result = jobs.cancel(facts, request["job_id"], turn(request))
        reply: dict[str, Any] = {"ok": True, "result": result}
    except HostError as error:
        reply = {"ok": False, "error": error.document()}
    sys.stdout.write(json.dumps(reply))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
