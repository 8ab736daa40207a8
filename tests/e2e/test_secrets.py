"""No secret is where it does not belong: an instance lives through every operation, and everything is searched.

Searched are the host's files, every process of the machine while the operations run, the logs and the databases. Each
search is shown to find what is there: a planted canary, and traces of the very operations.
"""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from deploy.local import postgres
from deploy.local.cloud import Cloud
from deploy.local.demo.client import Operation, Tenant
from deploy.local.hosts.layout import HostDirectory
from tests.support.leaks import Needles, Watch, control_secrets, dump, watching
from tests.support.operations import host_id_of
from tests.support.tenants import TestInstance, create_body, delete_instance, follow, tenant

KEYSTONE_TOKEN = "gAAAAAB"
OPERATION_TOKEN = "eyJhbGciOi"
TEMPURL = "temp_url_sig="
BACKUPS = 5
"""Backups until the processes of one must have been seen."""
DATABASES = ("keystone", "mistral", "heat", "trove")


@dataclass(frozen=True)
class Searched:
    """An instance that was created, restarted and backed up, then restored into a second one."""

    needles: Needles
    """The control plane's secrets and the tenant's password."""
    watch: Watch
    """What was to be seen meanwhile."""
    instance_id: str
    operation_id: str
    """Of the backup."""
    hosts: list[Path]

    def and_also(self, **more: str) -> Needles:
        """More to look for: name and text."""
        return Needles(self.needles.forms | Needles.of({name: [text] for name, text in more.items()}).forms)


@pytest.fixture(scope="module")
def searched(cloud: Cloud, product_environment: dict[str, str]) -> Iterator[Searched]:
    """Everything there is to search, while the instances are there."""
    assert product_environment
    password = secrets.token_hex(24)
    needles = Needles.of(control_secrets(cloud) | {"the tenant's password": [password]})
    owner = tenant(cloud)
    with watching(cloud.state.hosts, needles) as watch:
        body = create_body("canary", password)
        created = str(owner.request("POST", "/instances", body)["instance"]["id"])
        follow(owner, "instance_create", instance_id=created)
        owner.request("POST", f"/instances/{created}/action", {"restart": {}})
        follow(owner, "instance_restart", instance_id=created)
        backups = [_back_up(owner, created)]
        while "pg_basebackup" not in watch.programs and len(backups) < BACKUPS:  # it passed between two looks
            backups.append(_back_up(owner, created))
        backup_id, operation = backups[-1]
        body["instance"] |= {"name": "canary-restored", "restorePoint": {"backupRef": backup_id}}
        restored = str(owner.request("POST", "/instances", body)["instance"]["id"])
        follow(owner, "instance_restore", instance_id=restored)
    yield Searched(needles, watch, created, operation.id, [_host(cloud, created), _host(cloud, restored)])
    for instance_id in (created, restored):
        delete_instance(owner, instance_id)
    for backup_id, _operation in backups:
        owner.request("DELETE", f"/backups/{backup_id}")
        follow(owner, "backup_delete", backup_id=backup_id)


def _back_up(owner: Tenant, instance_id: str) -> tuple[str, Operation]:
    """A backup's id, and the operation that made it."""
    backup = {"backup": {"name": "canary", "instance": instance_id}}
    backup_id = str(owner.request("POST", "/backups", backup)["backup"]["id"])
    return backup_id, follow(owner, "backup_create", backup_id=backup_id)


def _host(cloud: Cloud, instance_id: str) -> Path:
    return HostDirectory.of(cloud.state.path, host_id_of(instance_id)).root


# -- the searches can find something ---------------------------------------------------------------------------------


def test_there_are_secrets_to_look_for(cloud: Cloud) -> None:
    found = control_secrets(cloud)
    names = {Path(name).name for name in found}
    wanted = {"trove_os_password", "trove_seal_keys", "trove_tempurl_key", "trove_ssh_user_ca_key", "password of admin"}
    wanted |= {"trove_ssh_host_ca_key", "trove_tls_ca_key", "trove_token_private_key", "heat_encryption_key"}
    assert wanted <= names
    assert all(found.values()), "a secret without a telling line is not looked for"
    keys = [set(found[f"hosts/trove_ssh_{kind}_ca_key"]) for kind in ("user", "host")]
    assert not keys[0] & keys[1], "what all keys have in common tells nothing"


@pytest.mark.parametrize("form", ["{}", '{{"password": "{}"}}', "\\x{hex}", "{base64}"])
def test_planted_files_are_found(tmp_path: Path, form: str) -> None:
    import base64

    canary = secrets.token_hex(18)
    inside = f"user:{canary}!".encode()
    text = form.format(canary, hex=canary.encode().hex(), base64=base64.b64encode(inside).decode())
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "planted").write_bytes(b"\0binary\xff" + text.encode())
    found = Needles.of({"canary": [canary]}).found_below(tmp_path)
    assert found == {str(tmp_path / "below" / "planted"): ["canary"]}


@pytest.mark.parametrize("view", ["cmdline", "environ"])
def test_planted_processes_are_found(tmp_path: Path, view: str) -> None:
    canary = secrets.token_hex(18)
    told = [canary] if view == "cmdline" else []
    command = [sys.executable, "-c", "print(flush=True); input()", *told]
    environment = {"CANARY": canary} if view == "environ" else {}
    watch = Watch(tmp_path, Needles.of({"canary": [canary]}))
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as planted:
        assert planted.stdout is not None
        planted.stdout.readline()
        watch.look()
    assert [leak.partition(" of ")[0] for leak in watch.leaks] == [f"canary in {view}"]


def test_planted_rows_are_found(cloud: Cloud) -> None:
    canary = secrets.token_hex(18)
    needles = Needles.of({"canary": [canary]})
    connection = psycopg2.connect(host=str(cloud.state.run), user=postgres.SUPERUSER, dbname="trove")
    try:
        for value in (canary, canary.encode()):
            with connection, connection.cursor() as cursor:
                cursor.execute("CREATE TABLE planted AS SELECT %s AS planted", (value,))
            try:
                assert needles.found_in(dump(cloud, "trove")) == ["canary"]
            finally:
                with connection, connection.cursor() as cursor:
                    cursor.execute("DROP TABLE planted")
    finally:
        connection.close()


# -- and find nothing ------------------------------------------------------------------------------------------------


def test_hosts_hold_no_secret(searched: Searched) -> None:
    needles = searched.and_also(keystone_token=KEYSTONE_TOKEN, operation_token=OPERATION_TOKEN, tempurl="temp_url_sig")
    for host in searched.hosts:
        assert Needles.of({"user": [TestInstance.user]}).found_below(host / "data"), "the host's data were not searched"
        assert needles.found_below(host) == {}


def test_private_keys_are_where_they_belong_only(searched: Searched) -> None:
    for host in searched.hosts:
        holders = {Path(path).resolve().name for path in Needles.of({"key": ["PRIVATE KEY-----"]}).found_below(host)}
        assert holders == {"host_key", "server.key"}


def test_no_process_and_no_passing_file_showed_a_secret(searched: Searched) -> None:
    assert {"pg_basebackup", "postgres"} <= searched.watch.programs, "the operations were not watched"
    assert {"status.json", "host.conf", "sshd.log"} <= searched.watch.files, "the hosts' files were not watched"
    assert searched.watch.leaks == set()


def test_no_log_holds_a_secret(cloud: Cloud, searched: Searched) -> None:
    logs = cloud.state.path / "log"
    named = Needles.of({"operation": [searched.operation_id]}).found_below(logs)
    assert {Path(path).name for path in named} >= {"control.log", "hosts.log"}, f"only {named} tell of it"
    needles = searched.and_also(
        keystone_token=KEYSTONE_TOKEN, operation_token=OPERATION_TOKEN, tempurl=TEMPURL, key="PRIVATE KEY-----"
    )
    assert needles.found_below(logs) == {}


@pytest.mark.parametrize("database", DATABASES)
def test_no_database_holds_a_secret_in_clear(cloud: Cloud, searched: Searched, database: str) -> None:
    content = dump(cloud, database)
    happened = {"heat": searched.instance_id, "mistral": searched.operation_id, "trove": searched.operation_id}
    assert happened.get(database, "").encode() in content, "the dump does not hold what happened"
    assert searched.and_also(tempurl="temp_url_sig", key="PRIVATE KEY-----").found_in(content) == []
