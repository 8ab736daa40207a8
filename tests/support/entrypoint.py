"""A second entrypoint beside the embedded cloud's, with limits of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

import deploy
from deploy.local.cloud import Cloud

START_SECONDS = 60


@contextmanager
def entrypoint(cloud: Cloud, **settings: str) -> Iterator[str]:
    """Serve the API with other settings; gives scheme, host and port. Its log is among the cloud's."""
    host = cloud.addresses.control
    with socket.socket() as chosen:
        chosen.bind((host, 0))
        port = chosen.getsockname()[1]
    root = Path(deploy.__file__).parent.parent
    command = [sys.executable, "-m", "deploy.image"]
    environment = os.environ | cloud.function_environment("entrypoint") | settings | {"PORT": str(port)}
    log = (cloud.state.path / "log" / f"entrypoint-{port}.log").open("wb")
    with log, subprocess.Popen(command, env=environment, cwd=root, stdout=log, stderr=log) as server:
        try:
            _await(f"http://{host}:{port}/healthcheck")
            yield f"http://{host}:{port}"
        finally:
            server.terminate()


def _await(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            requests.get(url, timeout=5).raise_for_status()
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
