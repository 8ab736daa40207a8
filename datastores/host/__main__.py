"""Entry of the zipapp: one JSON line in, one JSON line out (or, with --supervise, a job's supervisor)."""

from __future__ import annotations

import functools
import json
import os
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from datastores.host import facts as host_facts
from datastores.host import process
from datastores.host.errors import BadRequest, HostError, from_os_error
from datastores.host.facts import Facts

if TYPE_CHECKING:
    from datastores.host.engine import Engine
    from datastores.host.supervisor import Work


def main() -> None:
    """Answer the request on stdin, or be the supervisor named by the arguments `--supervise JOB_ID REQUEST_FILE`."""
    process.raise_files()
    if sys.argv[1:2] == ["--supervise"]:
        _supervise(sys.argv[2], Path(sys.argv[3]))
        return
    try:
        reply = {"ok": True, "result": _answer(_read_line())}
    except HostError as error:
        reply = {"ok": False, "error": error.document()}
    except OSError as error:
        reply = {"ok": False, "error": from_os_error(error).document()}
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()
    os._exit(0)  # do not wait for a thread that still waits for a lock


def _read_line() -> dict[str, Any]:
    try:
        request = json.loads(sys.stdin.buffer.readline())
    except ValueError as error:
        raise BadRequest("the request is not a JSON line") from error
    if not isinstance(request, dict):
        raise BadRequest("the request is not a JSON object")
    return request


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    facts = host_facts.load()
    facts.prepare()
    command = _COMMANDS.get(str(request.get("command")))
    if command is None:
        raise BadRequest(f"there is no command {request.get('command')!r}: there are {', '.join(sorted(_COMMANDS))}")
    return command(facts, request)


def _text(request: dict[str, Any], name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str):
        raise BadRequest(f"{request['command']}: field '{name}' must be a text")
    return value


def _start(facts: Facts, request: dict[str, Any]) -> dict[str, Any]:
    from datastores.host import jobs

    return jobs.start(facts, request, _work(facts, request))


def _change(facts: Facts, request: dict[str, Any]) -> dict[str, Any]:
    """Make a change as a job, and wait for it: it goes on when the wait is over, and is found by the next request.

    One that was killed in the middle is forgotten, so that the next request makes the change again.
    """
    from datastores.host import jobs

    jobs.start(facts, request, _work(facts, request))
    report = jobs.poll(facts, _text(request, "job_id"), float(request.get("wait", 0)))
    jobs.forget_dead(facts, _text(request, "job_id"))
    return report


def _poll(facts: Facts, request: dict[str, Any]) -> dict[str, Any]:
    from datastores.host import jobs

    return jobs.poll(facts, _text(request, "job_id"), float(request.get("wait", 0)))


def _cancel(facts: Facts, request: dict[str, Any]) -> dict[str, Any]:
    from datastores.host import fence, jobs

    return jobs.cancel(facts, _text(request, "job_id"), fence.turn(request))


def _call(facts: Facts, request: dict[str, Any]) -> dict[str, Any]:
    from datastores.host import calls
    from datastores.host.fence import Fence, turn

    action, arguments = _text(request, "action"), request.get("arguments", {})
    if not calls.changes(action):
        return calls.call(_engine(facts, request), action, arguments)
    with Fence(facts.jobs) as fence:
        fence.let_pass(turn(request))
        return calls.call(_engine(facts, request), action, arguments)


def _engine(facts: Facts, request: dict[str, Any]) -> Engine:
    from datastores.host import engine

    datastore = _text(request, "datastore")
    return engine.load(datastore, _text(request, "version"), facts, _definition(datastore))


_COMMANDS: dict[str, Callable[[Facts, dict[str, Any]], dict[str, Any]]] = {
    "job.start": _start,
    "job.poll": _poll,
    "job.cancel": _cancel,
    "call": _call,
    "change": _change,
}


def _definition(datastore: str) -> dict[str, Any]:
    """The datastore.yaml of the bundle, in JSON. Raises BadRequest when this bundle is for another datastore."""
    try:
        data = pkgutil.get_data(f"datastores.{datastore}", "datastore.json")
    except (ImportError, OSError):
        data = None
    if data is None:
        raise BadRequest(f"this bundle does not hold datastore {datastore!r}")
    definition: dict[str, Any] = json.loads(data)
    return definition


def _work(facts: Facts, request: dict[str, Any]) -> Work:
    """The work of a job, as its worker does it. Raises BadRequest for an unknown action or datastore."""
    from datastores.host import actions

    if request["command"] == "change":
        return functools.partial(_changed, _engine(facts, request), request)
    action = actions.find(_text(request, "action"))
    return functools.partial(action, _engine(facts, request), request.get("arguments", {}))


def _changed(engine: Engine, request: dict[str, Any], _progress: object) -> dict[str, Any]:
    from datastores.host import calls

    return calls.call(engine, _text(request, "action"), request.get("arguments", {}))


def _supervise(job_id: str, request_file: Path) -> None:
    from datastores.host import jobs

    request = json.loads(request_file.read_text(encoding="utf-8"))
    request_file.unlink()
    facts = host_facts.load()
    jobs.resume(facts, job_id, request, _work(facts, request))


if __name__ == "__main__":
    main()
