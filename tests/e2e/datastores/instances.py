"""Instances of the releases under test, made through the API and used by the database's own clients."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datastores.conformance import Server, Session
from deploy.local.demo.client import Tenant
from tests.support.releases import Release
from tests.support.tenants import follow
from tests.support.tls import written

USER, DATABASE = "tester", "app"
FRESH = 100
"""How many numbers a story gets at a time. They are small: Memcached's session asks for the first thousands only."""


@dataclass(frozen=True)
class Instance:
    """An instance of a release, as a tenant has it."""

    id: str
    release: Release
    server: Server
    owner: Tenant
    _starts: Iterator[int] = field(default_factory=lambda: itertools.count(step=FRESH), repr=False)

    def fresh(self) -> set[int]:
        """Numbers that no other story of the instance writes."""
        start = next(self._starts)
        return set(range(start, start + FRESH))

    @property
    def path(self) -> str:
        """Its place in the API."""
        return f"/instances/{self.id}"

    @property
    def status(self) -> str:
        """Its status in the API."""
        found: str = self.owner.request("GET", self.path)["instance"]["status"]
        return found

    def connect(self, server: Server | None = None) -> Session:
        """A tenant's session, of the instance's user unless `server` says otherwise."""
        return self.release.conformance.connect(server or self.server)

    def write(self, numbers: set[int]) -> None:
        """Store numbers by a session of their own, and see that they can be read."""
        with self.connect() as session:
            session.write(sorted(numbers))
            assert session.read() >= numbers

    def read(self) -> set[int]:
        """The numbers in it, by a session of their own."""
        with self.connect() as session:
            return session.read()

    def setting(self, name: str) -> str:
        """A parameter as a tenant sees it."""
        with self.connect() as session:
            return session.setting(name)

    def names(self, kind: str) -> set[str]:
        """Names of the `databases` or `users` that the API lists."""
        return {item["name"] for item in self.owner.request("GET", f"{self.path}/{kind}")[kind]}

    def restart(self) -> None:
        """Restart it through the API."""
        self._act("restart")

    def stop(self) -> None:
        """Stop it through the API."""
        self._act("stop")

    def start(self) -> None:
        """Start it through the API."""
        self._act("start")

    def _act(self, action: str) -> None:
        self.owner.request("POST", f"{self.path}/action", {action: {}})
        follow(self.owner, f"instance_{action}", instance_id=self.id)

    def durable(self, numbers: set[int]) -> set[int]:
        """Those of the numbers that outlive a restart."""
        return numbers if self.release.conformance.durable else set()


def create(
    owner: Tenant,
    release: Release,
    files: Path,
    password: str | None = None,
    backup_id: str | None = None,
    *,
    volume: int = 1,
) -> Instance:
    """An ACTIVE instance, empty or with a backup's data, and its volume of so many GB; `files` is a directory for what
    clients need."""
    datastore, password = release.datastore, password or secrets.token_hex(16)
    asked: dict[str, Any] = {"name": f"conformance-{release}", "flavorRef": "1"}
    asked["datastore"] = {"type": datastore.name, "version": release.version.name}
    if datastore.volume:
        asked["volume"] = {"size": volume}
    database = DATABASE if release.can("databases") else None
    user = USER if release.can("users") else None
    if backup_id is not None:
        asked["restorePoint"] = {"backupRef": backup_id}
    else:
        databases = [{"name": name} for name in (database,) if name]
        asked["databases"] = databases
        asked["users"] = [{"name": user, "password": password, "databases": databases}] if user else []
    instance_id = owner.request("POST", "/instances", {"instance": asked})["instance"]["id"]
    follow(owner, "instance_create" if backup_id is None else "instance_restore", instance_id=instance_id)
    shown = owner.request("GET", f"/instances/{instance_id}")["instance"]
    authority = written(files / instance_id, shown["tls"]["ca_certificate"]) if shown["tls"] else None
    server = Server(shown["ip"][0], datastore.ports[0], user, password if user else None, database, authority)
    return Instance(instance_id, release, server, owner)
