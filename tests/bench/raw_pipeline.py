"""Backup and restore by hand: PostgreSQL's programs, zstd, tar and the plain swift client, on the same host and store.

Backup:  pg_basebackup -F tar -D - -X fetch -c fast | zstd -1 | swift upload --use-slo --segment-size 33554432
Restore: swift download | zstd -d | tar -x, then pg_verifybackup, then start: what a restore does before it serves
"""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from swiftclient import Connection

from deploy.local.cloud import Cloud
from deploy.local.hosts.layout import HostDirectory
from functions.base.settings import get_settings
from tests.bench import raw_postgresql
from tests.support.host_driver import as_engine_user, own

_SWIFT = str(Path(sys.executable).parent / "swift")


@dataclass(frozen=True)
class RawRestore:
    """Seconds of a restore's parts."""

    streaming: float
    verifying: float
    starting: float

    @property
    def whole(self) -> float:
        """Seconds until the server takes connections."""
        return self.streaming + self.verifying + self.starting


class RawPipeline:
    """Backups of one host's database in a container of their own."""

    def __init__(self, cloud: Cloud, host: HostDirectory) -> None:
        session = cloud.session("trove")
        url = str(session.get_endpoint(service_type="object-store", interface="public"))
        self._environment = {"OS_STORAGE_URL": url, "OS_AUTH_TOKEN": str(session.get_token())}
        self._store = Connection(session=session)
        self._host = host
        self._programs = raw_postgresql.programs(host)
        self.container = f"bench-{uuid.uuid4().hex[:8]}"

    def backup(self) -> float:
        """Seconds of a backup to the object `data`, which replaces an earlier one."""
        dump = [
            self._programs / "pg_basebackup", "-w", "-F", "tar", "-D", "-", "-X", "fetch", "-c", "fast",
        ]  # fmt: skip
        segment_bytes = str(get_settings().backup_segment_bytes)
        upload = [
            _SWIFT, "upload", "--use-slo", "--segment-size", segment_bytes, "--segment-container",
            f"{self.container}-segments", "--object-name", "data", self.container, "-",
        ]  # fmt: skip
        socket = {"PGHOST": str(self._host.root / "run"), "PGUSER": "postgres"}
        started = time.monotonic()
        _pipe([(dump, socket, True), (["zstd", "-q", "-1", "-c"], {}, False), (upload, self._environment, False)])
        return time.monotonic() - started

    def restore(self) -> RawRestore:
        """Restore the object `data` beside the host, with its settings, and start it."""
        with raw_postgresql.a_place(self._host) as root:
            data = root / "data" / "postgresql"
            data.mkdir(mode=0o700)
            own(data)
            download = [_SWIFT, "download", "--output", "-", self.container, "data"]
            started = time.monotonic()
            unpack = ["tar", "-x", "-p", "--no-same-owner", "-f", "-", "-C", data]
            _pipe([(download, self._environment, False), (["zstd", "-q", "-d", "-c"], {}, False), (unpack, {}, True)])
            streamed = time.monotonic()
            raw_postgresql.run([self._programs / "pg_verifybackup", "-q", data])
            verified = time.monotonic()
            raw_postgresql.start(self._programs, data, root / "log")
            ready = time.monotonic()
            raw_postgresql.stop(self._programs, data)
        return RawRestore(streamed - started, verified - streamed, ready - verified)

    def remove(self) -> None:
        """Remove the containers and all in them."""
        for container in (self.container, f"{self.container}-segments"):
            for entry in self._store.get_container(container, full_listing=True)[1]:
                self._store.delete_object(container, entry["name"])
            self._store.delete_container(container)


def _pipe(commands: Sequence[tuple[Sequence[object], dict[str, str], bool]]) -> None:
    """Run programs, stdout to stdin: command, environment, whether as the engine's user. All must end well."""
    running: list[subprocess.Popen[bytes]] = []
    for number, (command, environment, as_engine) in enumerate(commands):
        last = number == len(commands) - 1
        process = subprocess.Popen(
            [str(word) for word in command],
            env=os.environ | environment,
            cwd="/",
            stdin=running[-1].stdout if running else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if last else subprocess.PIPE,
            **(as_engine_user() if as_engine else {}),
        )
        if running and (stdout := running[-1].stdout):
            stdout.close()
        running.append(process)
    assert [process.wait() for process in running] == [0] * len(running)
