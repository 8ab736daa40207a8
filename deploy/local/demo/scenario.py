"""The steps of the demonstration, in order."""

import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from deploy.local.cloud import Cloud
from deploy.local.demo.client import DemoError, Operation, Tenant
from deploy.local.demo.screen import console, facts, following, operations_table

PREFIX = "demo-"
DATABASE, USER = "shop", "shopkeeper"
ROWS, LATER_ROWS = 200_000, 1_000
VOLUME_GB = 2


@dataclass(frozen=True)
class Contents:
    """The number of rows of a table, and a digest of all rows in order."""

    rows: int
    digest: str

    def __str__(self) -> str:
        return f"{self.rows:,} rows, md5 {self.digest[:12]}"


@dataclass(frozen=True)
class Database:
    """The database of one instance, with the tenant's user and password."""

    instance_id: str
    address: str
    password: str

    def execute(self, statement: str, *values: int) -> list[tuple[object, ...]]:
        """Run a statement as the tenant's user; return its rows."""
        connection = psycopg2.connect(
            host=self.address, dbname=DATABASE, user=USER, password=self.password, connect_timeout=5
        )
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def contents(self) -> Contents:
        """Count and digest the table."""
        [(rows, digest)] = self.execute(
            "SELECT count(*), md5(string_agg(id || ':' || item, ',' ORDER BY id)) FROM orders"
        )
        return Contents(int(str(rows)), str(digest))


class Demo:
    """One run of the demonstration."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._done: list[tuple[str, Operation]] = []
        self._facts: list[tuple[str, str]] = []
        self._password = secrets.token_hex(18)

    def run(self) -> None:
        """Create an instance, fill and back it up, restore the backup, and compare. Raises DemoError."""
        self._clear_earlier_runs()
        self._source = source = self._create("a new PostgreSQL instance", f"{PREFIX}source", None)
        self._fill(source)
        before = source.contents()
        self._facts.append(("rows when backed up", str(before)))
        backup_id = self._back_up(source)
        source.execute("INSERT INTO orders(item) SELECT 'later ' || n FROM generate_series(1, %s) n", LATER_ROWS)
        self._facts.append(("rows in the source afterwards", str(source.contents())))
        self._restored = restored = self._create(
            "the backup, restored into a second instance", f"{PREFIX}restored", backup_id
        )
        after = restored.contents()
        self._facts.append(("rows in the restored instance", str(after)))
        if after != before:
            raise DemoError(f"the restored rows differ: {after}, backed up were {before}")
        self._facts.append(("verdict", "[green]the restored rows are those of the backup[/]"))

    def report(self, cloud: Cloud) -> None:
        """Print what was done and verified, and commands to try next."""
        console.print()
        console.print(operations_table(self._done))
        facts("Verified", self._facts)
        state, configuration = cloud.state.path, cloud.state.clouds_yaml
        facts(
            "What to type next",
            [
                ("the instances", self._psql(self._source)),
                ("", self._psql(self._restored)),
                ("as the tenant", f"export OS_CLIENT_CONFIG_FILE={configuration.resolve()} OS_CLOUD=demo"),
                ("", f"{_program('openstack')} database instance list"),
                ("", f"{_program('openstack')} database instance restart {PREFIX}source"),
                ("the cloud", f"{_program('trovectl')} --state {state} status"),
                ("", f"{_program('trovectl')} --state {state} logs -f"),
                ("", f"{_program('trovectl')} --state {state} down     (keeps everything; destroy removes it)"),
            ],
        )

    def _clear_earlier_runs(self) -> None:
        for instance in self._tenant.named("instances", PREFIX):
            self._follow_delete("instance", instance["id"], instance["name"])
        for backup in self._tenant.named("backups", PREFIX):
            self._follow_delete("backup", backup["id"], backup["name"])

    def _follow_delete(self, kind: str, resource_id: str, name: str) -> None:
        self._tenant.request("DELETE", f"/{kind}s/{resource_id}")
        self._follow(f"{name} of an earlier run, deleted", {f"{kind}_id": resource_id}, f"{kind}_delete")

    def _create(self, title: str, name: str, backup_id: str | None) -> Database:
        body: dict[str, object] = {
            "name": name,
            "flavorRef": "1",
            "volume": {"size": VOLUME_GB},
            "datastore": {"type": "postgresql"},
        }
        if backup_id is None:
            user = {"name": USER, "password": self._password, "databases": [{"name": DATABASE}]}
            body |= {"databases": [{"name": DATABASE}], "users": [user]}
        else:
            body |= {"restorePoint": {"backupRef": backup_id}}
        created = self._tenant.request("POST", "/instances", {"instance": body})["instance"]
        kind = "instance_restore" if backup_id else "instance_create"
        self._follow(title, {"instance_id": created["id"]}, kind)
        shown = self._tenant.request("GET", f"/instances/{created['id']}")["instance"]
        self._facts.append((f"{name} ({shown['status']}, {shown['operating_status']})", shown["id"]))
        return Database(created["id"], shown["ip"][0], self._password)

    def _fill(self, source: Database) -> None:
        start = time.monotonic()
        source.execute("CREATE TABLE orders (id bigserial PRIMARY KEY, item text NOT NULL)")
        source.execute("INSERT INTO orders(item) SELECT md5(n::text) FROM generate_series(1, %s) n", ROWS)
        spent = time.monotonic() - start
        console.print(f"● {ROWS:,} rows written as {USER}@{source.address}  [dim]{spent:.1f} s[/]", style="bold")

    def _back_up(self, source: Database) -> str:
        body = {"backup": {"name": f"{PREFIX}backup", "instance": source.instance_id}}
        backup_id = str(self._tenant.request("POST", "/backups", body)["backup"]["id"])
        self._follow("a backup to Swift", {"backup_id": backup_id}, "backup_create")
        shown = self._tenant.request("GET", f"/backups/{backup_id}")["backup"]
        self._facts.append((f"backup ({shown['status']}, {shown['size']} GB)", shown["locationRef"]))
        return backup_id

    def _follow(self, title: str, resource: dict[str, str], kind: str) -> None:
        with following(title) as show:
            self._done.append((title, self._tenant.follow(resource, kind, show)))

    def _psql(self, database: Database) -> str:
        return f"psql 'postgresql://{USER}:{self._password}@{database.address}/{DATABASE}'"


def _program(name: str) -> str:
    """Return the path of a program of this virtual environment, relative to the working directory if it is below."""
    path = Path(sys.executable).with_name(name)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def run_demo(state_dir: Path) -> None:
    """Run the demonstration against the embedded cloud that is up in `state_dir`.

    Raises:
        DemoError: a request or operation failed, or the restored rows differ.
    """
    cloud = Cloud(state_dir)
    demo = Demo(Tenant(cloud.session("demo")))
    demo.run()
    demo.report(cloud)
