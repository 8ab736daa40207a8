"""Replication groups of local hosts, driven as the steps do, and used by the database's own clients."""

from __future__ import annotations

import functools
import itertools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from datastores.conformance import ConformanceRefused, Server, Session
from functions.hostlink.tls_ca import TlsAuthority
from tests.e2e.datastores.conftest import Hosts
from tests.support.host_driver import HostDriver, as_engine_user
from tests.support.releases import Release
from tests.support.tempurl_sink import TempUrlSink
from tests.support.tls import certified, written

ROOT = certified("root")
AUTHORITY = TlsAuthority(ROOT.key_text, ROOT.text)
PASSWORD = "a canary's p4ssw0rd"
SECRET = {"secret": "canary-of-the-group-0123456789"}
USER, DATABASE = "tester", "app"
SOON = 20.0
"""Seconds in which what replicas do by themselves is done."""
_numbers = itertools.count(1)


@dataclass
class Group:
    """Hosts of a release and the epoch that the control side would have in its row."""

    hosts: Hosts
    release: Release
    sink: TempUrlSink
    secured: bool = False
    """Whether its hosts have certificates."""
    epoch: int = 1
    password: str = PASSWORD
    members: list[HostDriver] = field(default_factory=list)

    def create(self, **settings: object) -> HostDriver:
        """A database of no group, with a database and a user where the datastore has them."""
        host = self.host()
        databases = [{"name": DATABASE}] if self.release.can("databases") else []
        granted = [database["name"] for database in databases]
        users = [{"name": USER, "password": PASSWORD, "databases": granted}] if self.release.can("users") else []
        accounts = {"databases": databases, "users": users}
        self.job(host, "create", {"settings": self.settings(settings), **accounts, **self.tls(host)})
        return host

    def host(self) -> HostDriver:
        """A new host, with nothing on it."""
        return self.hosts.make(self.release.datastore.name, self.release.version.name)

    def settings(self, changed: dict[str, object] | None = None) -> dict[str, object]:
        """A small flavor's settings with changes."""
        return {**self.release.version.settings_for(512, 2), **(changed or {})}

    def start(self, replicas: int = 1, *, guarded: bool = False) -> list[HostDriver]:
        """A primary and replicas of it that follow."""
        primary = self.create()
        self.members = [primary]
        for _ in range(replicas):
            self.members.append(self.host())
        self.admit(primary, guarded=guarded)
        for replica in self.members[1:]:
            self.replicate(replica, primary)
        self.await_connected(*self.members[1:])
        return self.members

    def tls(self, host: HostDriver) -> dict[str, object]:
        """The argument `tls` with a certificate for a host."""
        if not self.secured:
            return {}
        made = AUTHORITY.issue_server("instance", [host.address])
        certificate = {"certificate": made.certificate, "private_key": made.private_key.get_secret_value()}
        return {"tls": {**certificate, "authority": made.authority, "expires": made.expires.isoformat()}}

    def member(self, host: HostDriver) -> dict[str, object]:
        """A host as a message names it."""
        return {"id": f"member-{host.root.name}", "address": host.address, "port": self.release.datastore.ports[0]}

    def admit(self, host: HostDriver, *, guarded: bool = False) -> None:
        """Let all other members follow a host."""
        others = [self.member(other) for other in self.members if other is not host]
        self.change(host, "admit", me=self.member(host), credential=SECRET, members=others, guarded=guarded)

    def arguments(self, host: HostDriver, primary: HostDriver) -> dict[str, Any]:
        """What says whom a host follows."""
        return {
            "epoch": self.epoch,
            "me": self.member(host),
            "primary": self.member(primary),
            "credential": SECRET,
        }

    def seeding(self, host: HostDriver, primary: HostDriver, source: HostDriver | None = None) -> dict[str, Any]:
        """The arguments of Replicate, for a copy that none was before."""
        seed = f"seed-{next(_numbers)}"
        named: dict[str, object] = {"seed": seed, "source": self.member(source or primary)}
        if self.release.datastore.seeds == "backup":
            upload = {"upload": self.sink.address("PUT", seed), "segment_bytes": 1 << 20}
            self.job(source or primary, "backup", upload)
            named["download"] = [self.sink.address("GET", seed)]
        return {**self.arguments(host, primary), **named, "settings": self.settings(), **self.tls(host)}

    def replicate(self, host: HostDriver, primary: HostDriver, source: HostDriver | None = None) -> None:
        """Make a host's database a copy that follows."""
        self.job(host, "replicate", self.seeding(host, primary, source))

    def follow(self, host: HostDriver, primary: HostDriver) -> None:
        """Have a member follow a primary."""
        self.succeed(host, "follow", self.arguments(host, primary))

    def rejoin(self, host: HostDriver, primary: HostDriver) -> dict[str, Any]:
        """Have a former primary follow; the answer."""
        return self.job(
            host, "rejoin", {**self.arguments(host, primary), "settings": self.settings(), **self.tls(host)}
        )

    def promote(self, host: HostDriver, *, guarded: bool = False) -> None:
        """Make a member the primary of the epoch."""
        self.change(host, "promote", guarded=guarded)
        self.admit(host, guarded=guarded)

    def change(self, host: HostDriver, action: str, **arguments: object) -> dict[str, Any]:
        """Make a change under the group's epoch; the answer."""
        return self.succeed(host, action, {"epoch": self.epoch, **arguments})

    def succeed(self, host: HostDriver, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Make a change; the answer."""
        reply = self.ask(host, action, arguments)
        assert reply["ok"], reply
        result: dict[str, Any] = reply["result"]
        return result

    def ask(self, host: HostDriver, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The reply to a change."""
        host.fence = next(_numbers)
        return host.call(action, arguments, host.fence)

    def refused(self, host: HostDriver, action: str, **arguments: object) -> dict[str, Any]:
        """The error of a change that is refused."""
        reply = self.ask(host, action, dict(arguments))
        assert not reply["ok"], reply
        error: dict[str, Any] = reply["error"]
        return error

    def job(self, host: HostDriver, action: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Run a job of an operation of its own to its good end; the answer."""
        host.fence = next(_numbers)
        ended = host.run(f"op{host.fence}-{action}", action, arguments)
        assert ended["state"] == "succeeded", ended
        result: dict[str, Any] = ended["result"]
        return result

    def state(self, host: HostDriver) -> dict[str, Any]:
        """How a member is."""
        reply = host.call("replication_state")
        assert reply["ok"], reply
        state: dict[str, Any] = reply["result"]
        return state

    def await_connected(self, *replicas: HostDriver) -> None:
        """Wait until replicas are connected to their primary."""
        for replica in replicas:
            until(functools.partial(self.is_connected, replica), functools.partial(self.state, replica))

    def is_connected(self, replica: HostDriver) -> bool:
        """Whether a replica is connected to its primary."""
        return bool(self.state(replica)["connected"])

    def await_caught_up(self, primary: HostDriver, *replicas: HostDriver) -> None:
        """Wait until replicas have replayed what the primary has written by now."""
        position = self.state(primary)["position"]
        for replica in replicas:
            awaited = {"history": position["history"], "replayed": position["replayed"], "seconds": SOON}
            reply = replica.call("await_position", awaited)
            assert reply["ok"], reply
            assert reply["result"]["reached"], (position, reply, self.state(replica))

    def connect(self, host: HostDriver) -> Session:
        """A tenant's session."""
        user, password = (USER, self.password) if self.release.can("users") else (None, None)
        database = DATABASE if self.release.can("databases") else None
        authority = written(host.root / "root.pem", ROOT.text) if self.secured else None
        server = Server(host.address, self.release.datastore.ports[0], user, password, database, authority)
        return self.release.conformance.connect(server)

    def write(self, host: HostDriver, numbers: range) -> None:
        """Store numbers by a session of their own."""
        with self.connect(host) as session:
            session.write(numbers)

    def read(self, host: HostDriver) -> set[int]:
        """The numbers in a member."""
        with self.connect(host) as session:
            return session.read()

    def takes_writes(self, host: HostDriver) -> bool:
        """Whether a tenant can write to a member."""
        try:
            self.write(host, range(900_000, 900_001))
        except ConformanceRefused:
            return False
        except Exception as error:  # noqa: BLE001 - each client library has its own
            assert any(word in str(error).lower() for word in ("read-only", "read only", "readonly", "noreplicas")), (
                error
            )
            return False
        return True


def boot(host: HostDriver) -> None:
    """What the host does when it boots."""
    environment = {"TROVE_HOST_FACTS": str(host.root / "facts.json"), "PATH": os.environ["PATH"]}
    for script in sorted((host.root / "boot").iterdir()):
        subprocess.run([str(script)], check=True, env=environment, **as_engine_user())


def crash(host: HostDriver) -> None:
    """Kill everything on a host at once."""
    host.destroy()


@contextmanager
def paused(host: HostDriver) -> Iterator[None]:
    """Within the block nothing on a host goes on, as on one that cannot be reached."""
    stopped = host.processes()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                continue


def until(condition: Callable[[], object], told: Callable[[], object], seconds: float = SOON) -> None:
    """Wait for a condition; a failure tells what there is instead."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            pytest.fail(f"not within {seconds:g} s: {told()}")
        time.sleep(0.1)
