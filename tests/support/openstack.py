"""The real `openstack` command, as somebody of one of the embedded cloud's projects types it."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.cloud import Cloud

TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class OpenStack:
    """The command with OS_CLOUD set to one cloud of clouds.yaml, and no other setting of this process's own."""

    cloud: Cloud
    name: str = "demo"

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
        return subprocess.run(
            [str(Path(sys.executable).parent / "openstack"), *command.split(), *more],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )

    def _environment(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "TROVE"))}
        return ours | {
            "OS_CLIENT_CONFIG_FILE": str(self.cloud.state.clouds_yaml),
            "OS_CLOUD": self.name,
            "TROVECLIENT_UUID_CACHE_DIR": os.devnull,
        }


def _told(done: "subprocess.CompletedProcess[str]") -> str:
    command = shlex.join(["openstack", *done.args[1:]])
    return f"$ {command}\nexit code {done.returncode}\n{done.stdout}{done.stderr}"
