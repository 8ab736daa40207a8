"""`trovectl status --watch` on a terminal and without one, while a tenant works."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.cloud import Cloud
from deploy.local.watch.collect import Collector
from tests.support.tenants import an_instance, create_body, delete_instance, follow, tenant

LIMIT = 60
"""Seconds that anything may take here."""


@dataclass
class Terminal:
    """A command on a terminal of its own, and all that it has shown."""

    process: "subprocess.Popen[bytes]"
    end: int
    shown: bytes = b""

    def until(self, words: bytes) -> None:
        """Read until something is shown after what was read before."""
        start, limit = len(self.shown), time.monotonic() + LIMIT
        while words not in self.shown[start:]:
            assert time.monotonic() < limit, f"{words!r} is not shown: {self.shown[-3000:]!r}"
            self._read()

    def interrupt(self) -> int:
        """Send what Ctrl-C sends; return the exit status, reading on so that the command can write."""
        self.process.send_signal(signal.SIGINT)
        limit = time.monotonic() + LIMIT
        while self.process.poll() is None:
            assert time.monotonic() < limit, "it does not end"
            self._read()
        return self.process.returncode

    def _read(self) -> None:
        """Read what there is; nothing when the command has closed its end, which is an error of input."""
        with contextlib.suppress(OSError):
            if select.select([self.end], [], [], 0.2)[0]:
                self.shown += os.read(self.end, 65_536)


def _as_on_a_terminal() -> None:
    """Ctrl-C has its effect, also when the tests run in the background of a shell, which ignores it for them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def watching(cloud: Cloud) -> Iterator[Terminal]:
    """The command, watching a cloud."""
    master, slave = pty.openpty()
    command = [str(Path(sys.executable).parent / "trovectl"), "--state", str(cloud.state.path), "status", "--watch"]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120", "LINES": "60"}
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment,
        preexec_fn=_as_on_a_terminal,  # noqa: PLW1509 -- one system call, no lock
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def test_it_follows_the_cloud_until_ctrl_c(cloud: Cloud) -> None:
    owner = tenant(cloud)
    with watching(cloud) as terminal:
        terminal.until(b"entrypoint")
        body = create_body("watched", "a-password-of-the-test")
        instance_id = owner.request("POST", "/instances", body)["instance"]["id"]
        terminal.until(b"instance_create")
        follow(owner, "instance_create", instance_id=instance_id)
        terminal.until(b"ACTIVE")
        assert b"watched" in terminal.shown
        delete_instance(owner, instance_id)
        assert terminal.interrupt() == 0
    assert b"Traceback" not in terminal.shown


def test_a_look_tells_what_goes_on(cloud: Cloud) -> None:
    owner, collector = tenant(cloud), Collector(cloud)
    with an_instance(owner, "looked-at") as instance:
        before = collector.look()
        [host] = [host for host in before.hosts if host.instance == "looked-at"]
        assert (host.address, host.status.split()[0]) == (instance.host, "ACTIVE")
        assert host.usage.processes > 3, "PostgreSQL has more"
        assert 5 < host.usage.memory_mb < host.memory_mb
        owner.request("POST", f"/instances/{instance.id}/action", {"restart": {}})
        during = collector.look()
        assert [(each.type, each.of) for each in during.operations] == [("instance_restart", "looked-at")]
        follow(owner, "instance_restart", instance_id=instance.id)
        after = collector.look()
    assert after.operations == []
    assert {service.unit.name for service in after.services} >= {"mistral", "heat", "swift", "entrypoint"}
    assert all(service.answers and service.usage.memory_mb > 1 for service in after.services)
    rates = after.rates
    assert rates.operations_last_hour is not None
    assert rates.operations_last_hour >= 2
    assert rates.operations_a_minute is not None
    assert rates.operations_a_minute > 0
    assert rates.requests_a_second is not None
    assert rates.requests_a_second > 0
    assert after.problem == ""


def test_without_a_terminal_it_shows_one_view(cloud: Cloud) -> None:
    command = [str(Path(sys.executable).parent / "trovectl"), "--state", str(cloud.state.path), "status", "--watch"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    assert "not a terminal" in done.stdout
    assert "operations a minute" in done.stdout
