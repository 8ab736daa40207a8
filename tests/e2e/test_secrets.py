"""No secret is where it does not belong: canaries and the control plane's own secrets are searched for everywhere."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local import postgres
from deploy.local.cloud import Cloud
from tests.support.tenants import an_instance, follow, tenant

TOO_SHORT = 12
"""Values shorter than this are names, not secrets."""


@pytest.fixture(scope="module")
def host(cloud: Cloud) -> Iterator[tuple[Path, str]]:
    """The host directory of an instance that was created and backed up, and its user's password."""
    owner = tenant(cloud)
    before = set((cloud.state.path / "hosts").glob("*"))
    with an_instance(owner, "canary") as instance:
        body = {"backup": {"name": "canary", "instance": instance.id}}
        backup_id = str(owner.request("POST", "/backups", body)["backup"]["id"])
        follow(owner, "backup_create", backup_id=backup_id)
        [directory] = [path for path in (cloud.state.path / "hosts").glob("*") if path not in before and path.is_dir()]
        yield directory, instance.password
        owner.request("DELETE", f"/backups/{backup_id}")
        follow(owner, "backup_delete", backup_id=backup_id)


def control_secrets(cloud: Cloud) -> dict[str, bytes]:
    """Every secret of the control plane by its file; keys without their armour, at their most telling line."""
    found = {}
    for file in (cloud.state.path / "secrets").rglob("trove_*"):
        if file.name == "trove_token_public_key":
            continue
        lines = [line for line in file.read_bytes().splitlines() if line and not line.startswith(b"-----")]
        longest = max(lines, key=len)
        if len(longest) >= TOO_SHORT and not longest.startswith(b"postgresql"):
            found[f"{file.parent.name}/{file.name}"] = longest
    return found


def holders(root: Path, secret: bytes) -> list[str]:
    """The files below a directory that hold a secret."""
    return [str(path) for path in root.rglob("*") if path.is_file() and secret in path.read_bytes()]


def test_there_are_secrets_to_look_for(cloud: Cloud) -> None:
    names = {Path(name).name for name in control_secrets(cloud)}
    assert {"trove_os_password", "trove_seal_keys", "trove_tempurl_key", "trove_ssh_user_ca_key"} <= names


def test_a_host_holds_no_control_plane_secret(cloud: Cloud, host: tuple[Path, str]) -> None:
    directory, password = host
    wanted = control_secrets(cloud) | {"the user's password": password.encode(), "a TempURL": b"temp_url_sig"}
    assert {name: holders(directory, secret) for name, secret in wanted.items() if holders(directory, secret)} == {}


def test_no_process_shows_a_secret(cloud: Cloud, host: tuple[Path, str]) -> None:
    wanted = control_secrets(cloud) | {"the user's password": host[1].encode()}
    shown = []
    for process in psutil.process_iter():
        for view in ("cmdline", "environ"):
            try:
                content = Path(f"/proc/{process.pid}/{view}").read_bytes()
            except OSError:
                continue
            shown += [f"{name} in {view} of {process.name()}" for name, secret in wanted.items() if secret in content]
    assert shown == []


def test_no_log_holds_a_secret(cloud: Cloud, host: tuple[Path, str]) -> None:
    wanted = control_secrets(cloud) | {"the user's password": host[1].encode(), "a TempURL": b"temp_url_sig="}
    logs = cloud.state.path / "log"
    assert {name: holders(logs, secret) for name, secret in wanted.items() if holders(logs, secret)} == {}


@pytest.mark.parametrize("database", ["mistral", "heat", "trove"])
def test_no_database_holds_a_secret_in_clear(cloud: Cloud, host: tuple[Path, str], database: str) -> None:
    dump = subprocess.run(
        [str(postgres.binaries() / "pg_dump"), "-h", str(cloud.state.run), "-U", "postgres", database],
        check=True,
        capture_output=True,
    ).stdout
    wanted = control_secrets(cloud) | {
        "the user's password": host[1].encode(),
        "a TempURL": b"temp_url_sig",
        "a private key": b"OPENSSH PRIVATE KEY",
    }
    assert [name for name, secret in wanted.items() if secret in dump] == []
