"""Tenants who work at random: each has an instance, writes to it all the time, and changes it in every way there is."""

import contextlib
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg2
from keystoneauth1.exceptions import ClientException

from deploy.local.demo.client import ENDED, DemoError
from tests.support.tenants import TestInstance, create_instance, delete_instance
from tests.support.watched import WatchedTenant

WRITE_SECONDS = 0.05
POLL_SECONDS = 0.2
BUSY = {400, 409, 413, 422, 503}


class Ledger(threading.Thread):
    """Writes numbers to an instance, one transaction each, and keeps those that were acknowledged."""

    def __init__(self, instance: TestInstance) -> None:
        super().__init__(daemon=True)
        self._instance, self._over = instance, threading.Event()
        self.acknowledged: list[int] = []
        instance.query("CREATE TABLE ledger (n bigint PRIMARY KEY)")

    def run(self) -> None:
        """Write until `end`; a database that is away is tried again, with the next number."""
        number = 0
        while not self._over.is_set():
            with contextlib.suppress(psycopg2.Error), contextlib.closing(self._connect()) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    while not self._over.wait(WRITE_SECONDS):
                        number += 1
                        cursor.execute("INSERT INTO ledger VALUES (%s)", [number])
                        self.acknowledged.append(number)
            self._over.wait(WRITE_SECONDS)

    def end(self) -> set[int]:
        """Stop writing; the numbers that were acknowledged and are not there."""
        self._over.set()
        self.join()
        return set(self.acknowledged) - {number for (number,) in self._instance.query("SELECT n FROM ledger")}

    def _connect(self) -> Any:  # noqa: ANN401 - a connection
        of = self._instance
        return psycopg2.connect(host=of.host, dbname=of.database, user=of.user, password=of.password, connect_timeout=5)


class Worker(threading.Thread):
    """Sends random requests about an instance of its own, each when the one before has ended, until `limit`."""

    def __init__(self, owner: WatchedTenant, seed: int, limit: float) -> None:
        super().__init__(daemon=True)
        self._owner, self._random, self._limit = owner, random.Random(seed), limit
        self.instance = create_instance(owner, f"soak-{seed}")
        self.ledger = Ledger(self.instance)
        self.done: Counter[str] = Counter()
        self.faults: list[str] = []
        self._users = 0
        self._kinds: dict[str, Callable[[], object]] = {
            "restart": lambda: self._act({"restart": {}}),
            "stop and start": self._stop_and_start,
            "resize": self._resize,
            "access": lambda: self._put({"access": {"allowed_cidrs": ["127.0.0.0/8"]}}),
            "configuration": self._configure,
            "users": self._change_users,
            "log": lambda: self._log({"name": "general", "publish": 1}),
            "backup": self._back_up,
            "restore": self._restore,
        }

    def run(self) -> None:
        """Work; what raises is kept in `faults`."""
        self.ledger.start()
        while time.monotonic() < self._limit:
            kind = self._random.choice(list(self._kinds))
            try:
                self._kinds[kind]()
            except (DemoError, ClientException, AssertionError, psycopg2.Error) as error:
                self.faults.append(f"{kind}: {error}")
            self.done[kind] += 1

    def end(self) -> None:
        """Delete what is left."""
        for backup in self._owner.request("GET", f"/instances/{self.instance.id}/backups")["backups"]:
            self._owner.request("DELETE", f"/backups/{backup['id']}")
            self._settle(f"backup_id={backup['id']}")
        delete_instance(self._owner, self.instance.id)

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """A request that may be refused because of what goes on; then nothing."""
        status, found = self._owner.send(method, path, body)
        assert status < 300 or status in BUSY, f"{method} {path}: {status} {found}"
        return found if status < 300 else None

    def _settle(self, of: str) -> None:
        """Wait until no operation is under way."""
        while True:
            listed = self._owner.request("GET", f"/operations?{of}&limit=5")["operations"]
            if all(operation["state"] in ENDED for operation in listed):
                return
            time.sleep(POLL_SECONDS)

    def _act(self, action: dict[str, Any]) -> None:
        self._send("POST", f"/instances/{self.instance.id}/action", action)
        self._settle(f"instance_id={self.instance.id}")

    def _put(self, change: dict[str, Any]) -> None:
        self._send("PUT", f"/instances/{self.instance.id}", {"instance": change})
        self._settle(f"instance_id={self.instance.id}")

    def _log(self, asked: dict[str, Any]) -> None:
        self._send("POST", f"/instances/{self.instance.id}/log", asked)

    def _stop_and_start(self) -> None:
        self._act({"stop": {}})
        self._act({"start": {}})

    def _resize(self) -> None:
        shown = self._owner.request("GET", f"/instances/{self.instance.id}")["instance"]
        self._act({"resize": {"flavorRef": "2" if shown["flavor"]["id"] == "1" else "1"}})

    def _configure(self) -> None:
        version = {"type": "postgresql", "version": "18"}
        asked = {"name": "soak", "values": {"work_mem": f"{self._random.randint(1, 9)}MB"}, "datastore": version}
        group = self._owner.request("POST", "/configurations", {"configuration": asked})["configuration"]["id"]
        self._put({"configuration": group})
        self._put({})
        self._send("DELETE", f"/configurations/{group}")

    def _change_users(self) -> None:
        self._users += 1
        users, name = f"/instances/{self.instance.id}/users", f"user{self._users}"
        self._send("POST", users, {"users": [{"name": name, "password": secrets.token_hex(16)}]})
        assert name in {user["name"] for user in self._owner.request("GET", users)["users"]}
        self._send("DELETE", f"{users}/{name}")

    def _back_up(self) -> str | None:
        """A backup, beside which users change; one in four is cancelled."""
        asked: dict[str, Any] = {"name": "soak", "instance": self.instance.id}
        if self._random.random() < 0.5:
            asked["incremental"] = 1
        made = self._send("POST", "/backups", {"backup": asked})
        if made is None:
            return None
        backup_id = str(made["backup"]["id"])
        self._change_users()
        cancelled = self._random.random() < 0.25
        if cancelled:
            self._send("DELETE", f"/backups/{backup_id}")
        self._settle(f"backup_id={backup_id}")
        return None if cancelled else backup_id

    def _restore(self) -> None:
        """A backup that is restored holds what had been acknowledged when it was asked for."""
        acknowledged = len(self.ledger.acknowledged)
        backup_id = self._back_up()
        shown = self._send("GET", f"/backups/{backup_id}") if backup_id else None
        if shown is None or shown["backup"]["status"] != "COMPLETED":
            return
        body = {"name": "soak-restored", "flavorRef": "1", "volume": {"size": 1}}
        made = self._send("POST", "/instances", {"instance": body | {"restorePoint": {"backupRef": backup_id}}})
        if made is None:
            return
        restored_id = made["instance"]["id"]
        self._settle(f"instance_id={restored_id}")
        address = self._owner.request("GET", f"/instances/{restored_id}")["instance"]["ip"][0]
        restored = TestInstance(restored_id, address, self.instance.password)
        [[there]] = restored.query("SELECT count(*) FROM ledger")
        assert there >= acknowledged, f"{there} of {acknowledged} rows were restored"
        delete_instance(self._owner, restored_id)
