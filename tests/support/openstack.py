"""The real `openstack` command, as somebody of one of the embedded cloud's projects types it."""

import atexit
import json
import os
import shlex
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from deploy.local.cloud import Cloud
from tests.support.openstack_commands import TIMEOUT_SECONDS

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class OpenStack:
    """The command with OS_CLOUD set to one cloud of clouds.yaml, and no other setting of this process's own.

    `by_itself` starts it anew, as a shell does; see `tests.support.openstack_commands` for the quicker way.
    """

    cloud: Cloud
    name: str = "demo"
    by_itself: bool = False

    def says(self, command: str, *more: str) -> str:
        """What a command prints; it must succeed. `command` is split at spaces, `more` are words as they are."""
        done = self._run(command, *more)
        assert done.returncode == 0, _told(done)
        return done.stdout

    def json(self, command: str, *more: str) -> Any:  # noqa: ANN401 - JSON
        """What a command prints with `-f json`; it must succeed."""
        return json.loads(self.says(command, *more, "-f", "json"))

    def refusal(self, command: str, *more: str) -> str:
        """What a command that must fail tells the person."""
        done = self._run(command, *more)
        assert done.returncode != 0, _told(done)
        assert "Traceback" not in done.stderr, _told(done)
        return done.stdout + done.stderr

    def _run(self, command: str, *more: str) -> "subprocess.CompletedProcess[str]":
        words = [*command.split(), *more]
        if not self.by_itself:
            return _commands().run(words, self._environment())
        return subprocess.run(
            [str(Path(sys.executable).parent / "openstack"), *words],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )

    def _environment(self) -> dict[str, str]:
        return _plain_environment() | {
            "OS_CLIENT_CONFIG_FILE": str(self.cloud.state.clouds_yaml),
            "OS_CLOUD": self.name,
        }


class Commands:
    """The process that runs commands, one at a time."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.openstack_commands"],
            env=_plain_environment(),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self._process.kill)

    def run(self, words: list[str], environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        assert self._process.stdin and self._process.stdout
        with self._turn:
            print(json.dumps({"words": words, "environment": environment}), file=self._process.stdin, flush=True)
            answer = json.loads(self._process.stdout.readline())
        return subprocess.CompletedProcess(["openstack", *words], answer["code"], answer["stdout"], answer["stderr"])


@lru_cache(maxsize=1)
def _commands() -> Commands:
    return Commands()


def _plain_environment() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "TROVE"))}
    return ours | {"TROVECLIENT_UUID_CACHE_DIR": os.devnull}


def _told(done: "subprocess.CompletedProcess[str]") -> str:
    command = shlex.join(["openstack", *done.args[1:]])
    return f"$ {command}\nexit code {done.returncode}\n{done.stdout}{done.stderr}"
