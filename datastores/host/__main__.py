"""Entry of the zipapp: one JSON line in, one JSON line out (or, with --supervise, a job's supervisor)."""

from __future__ import annotations

import functools
import json
import os
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from datastores.host import facts as host_facts
from datastores.host import process
from datastores.host.errors import BadRequest, HostError, from_os_error
from datastores.host.facts import Facts
from datastores.protocol import codec, requests
from datastores.protocol.codec import ProtocolError
from datastores.protocol.requests import Call, CancelJob, Change, JobReport, PollJob, Reply, Request, StartJob

if TYPE_CHECKING:
    from datastores.host.engine import Definition, Engine
    from datastores.host.supervisor import Work


def main() -> None:
    """Answer the request on stdin, or be the supervisor of the job in the file that `--supervise FILE` names."""
    process.raise_files()
    if sys.argv[1:2] == ["--supervise"]:
        _supervise(Path(sys.argv[2]))
        return
    reply = codec.encode(_reply(sys.stdin.buffer.readline()))
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()
    os._exit(0)  # do not wait for a thread that still waits for a lock


def _reply(line: bytes) -> Reply:
    try:
        return Reply(ok=True, result=codec.encode(_answer(requests.read(codec.parse(line)))))
    except ProtocolError as error:
        return Reply(ok=False, error=BadRequest(str(error)).failure())
    except HostError as error:
        return Reply(ok=False, error=error.failure())
    except OSError as error:
        return Reply(ok=False, error=from_os_error(error).failure())


def _answer(request: Request) -> object:
    from datastores.host import jobs

    facts = host_facts.load()
    facts.prepare()
    if isinstance(request, Change):
        return _change(facts, request)
    if isinstance(request, StartJob):
        return jobs.start(facts, request, _job(facts, request))
    if isinstance(request, PollJob):
        return jobs.poll(facts, request.job_id, request.wait)
    if isinstance(request, CancelJob):
        return jobs.cancel(facts, request)
    return _call(facts, request)


def _change(facts: Facts, request: Change) -> JobReport:
    """Make a change as a job: it goes on when the wait is over, and is found by the next request."""
    from datastores.host import jobs

    report = jobs.start(facts, request, _job(facts, request))
    jobs.forget_dead(facts, request.job_id)
    return report


def _call(facts: Facts, request: Call) -> object:
    from datastores.host import calls
    from datastores.host.fence import Fence

    asked = calls.read(request)
    if not calls.is_change(asked):
        return calls.answer(_engine(facts, request), asked)
    with Fence(facts.jobs) as fence:
        fence.let_pass(request.turn)
        return calls.answer(_engine(facts, request), asked)


def _engine(facts: Facts, request: StartJob | Call) -> Engine:
    from datastores.host import engine

    return engine.load(request.datastore, request.version, facts, _definition(request.datastore))


def _definition(datastore: str) -> Definition:
    """The datastore.yaml of the bundle, in JSON. Raises BadRequest when this bundle is for another datastore."""
    try:
        data = pkgutil.get_data(f"datastores.{datastore}", "datastore.json")
    except (ImportError, OSError):
        data = None
    if data is None:
        raise BadRequest(f"this bundle does not hold datastore {datastore!r}")
    definition: Definition = json.loads(data)
    return definition


def _job(facts: Facts, request: StartJob) -> Work:
    """The work of a job, as its worker does it. Raises BadRequest, ProtocolError."""
    from datastores.host import actions, calls

    engine = _engine(facts, request)
    if isinstance(request, Change):
        change = calls.read(request)
        return lambda _progress: calls.answer(engine, change)
    return functools.partial(actions.do, engine, actions.read(request))


def _supervise(request_file: Path) -> None:
    from datastores.host import jobs

    text = request_file.read_bytes()
    request_file.unlink()
    request = requests.read(codec.parse(text))
    if isinstance(request, StartJob):
        facts = host_facts.load()
        jobs.resume(facts, request, _job(facts, request))


if __name__ == "__main__":
    main()
