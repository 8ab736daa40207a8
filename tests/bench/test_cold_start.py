"""The entrypoint's cold start, from the process's start to the first answer of GET /, against an empty function's."""

import compileall
import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import deploy
from deploy.local.cloud import Cloud
from tests.bench.support import Line, alternately, fact, ratio_at_most, show, spread

RUNS = 11
GOAL = 1.1
START_SECONDS = 60
ROOT = Path(deploy.__file__).parent.parent
ENTRYPOINT = "deploy.image.wsgi:app"
HELLO = "tests.bench.hello_app:app"
ANSWERS = {ENTRYPOINT: b'{"versions":[{"id":"v1.0"', HELLO: b"hello"}


def test_cold_start(cloud: Cloud) -> None:
    for package in ("functions", "datastores", "deploy", "api_spec", "tests/bench"):
        compileall.compile_dir(ROOT / package, quiet=1)
    environment = cloud.function_environment("entrypoint")
    for application in (HELLO, ENTRYPOINT):
        cold_start(application, environment)
    hello, ours = alternately(
        RUNS, partial(cold_start, HELLO, environment), partial(cold_start, ENTRYPOINT, environment)
    )
    show("cold_start", "Cold start: process started → first answer of GET /", table(ours, hello))


def cold_start(application: str, environment: dict[str, str]) -> float:
    """Seconds from the start of the server to the first whole answer."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    command = [sys.executable, "-m", "deploy.image", application]
    variables = os.environ | environment | {"HOST": "127.0.0.1", "PORT": str(port)}
    started = time.monotonic()
    with subprocess.Popen(command, env=variables, cwd=ROOT) as server:
        try:
            answer = _first_answer(port, started + START_SECONDS)
            spent = time.monotonic() - started
        finally:
            server.terminate()
    assert ANSWERS[application] in answer, answer
    return spent


def _first_answer(port: int, deadline: float) -> bytes:
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read()
        except ConnectionRefusedError:
            time.sleep(0.005)
        finally:
            connection.close()
    raise TimeoutError(f"no answer after {START_SECONDS} s")


def table(ours: list[float], hello: list[float]) -> list[Line]:
    """The goal first."""
    more = (statistics.median(ours) - statistics.median(hello)) * 1000
    return [
        ratio_at_most(
            "entrypoint / hello world, p50", statistics.median(ours), statistics.median(hello), GOAL,
            f"{more:.0f} ms more than an empty function",
        ),
        fact("entrypoint", spread(ours)),
        fact("functions-framework hello world, same server", spread(hello)),
    ]  # fmt: skip
