"""Generated secrets: each group gets its own only, once, and nobody else can read them."""

import ipaddress
import os
from pathlib import Path

import pytest
import yaml
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

from deploy.local import credentials
from deploy.local.addresses import Addresses
from deploy.local.state import State
from functions.hostlink.tls_ca import TlsAuthority

EVERY_GROUP = {"trove_database_url", "trove_seal_keys", "trove_token_public_key"}
EXPECTED = {
    "entrypoint": EVERY_GROUP | {"trove_token_private_key", "trove_os_password", "trove_tls_ca_certificate"},
    "control": EVERY_GROUP | {"trove_token_private_key", "trove_os_password", "trove_tempurl_key"},
    "hosts": EVERY_GROUP
    | {"trove_ssh_user_ca_key", "trove_ssh_host_ca_key", "trove_tls_ca_key", "trove_tls_ca_certificate"},
}


@pytest.fixture
def state(tmp_path: Path) -> State:
    made = State.at(tmp_path / "s")
    made.prepare(os.geteuid(), os.getegid())
    credentials.write_function_secrets(made, "postgresql://x")
    return made


def contents(state: State) -> dict[Path, str]:
    return {path: path.read_text() for path in (state.path / "secrets").rglob("*") if path.is_file()}


@pytest.mark.parametrize("group", EXPECTED)
def test_each_group_gets_its_own_only(state: State, group: str) -> None:
    assert {path.name for path in state.secrets(group).iterdir()} == EXPECTED[group]


def test_secrets_stay_and_are_private(state: State) -> None:
    before = contents(state)
    credentials.write_function_secrets(state, "postgresql://x")
    assert contents(state) == before
    assert {path.stat().st_mode & 0o777 for path in before} == {0o600}


@pytest.mark.parametrize("lost", ["trove_tls_ca_key", "trove_ssh_host_ca_key", "trove_seal_keys"])
def test_what_is_missing_is_made_with_what_belongs_to_it_and_the_rest_stays(state: State, lost: str) -> None:
    before = contents(state)
    (state.secrets("hosts") / lost).unlink()
    credentials.write_function_secrets(state, "postgresql://x")
    changed = {path.name for path, text in contents(state).items() if text != before[path]}
    assert changed == {lost} | ({"trove_tls_ca_certificate"} if "tls" in lost else set())


def test_keys_are_of_the_forms_that_readers_expect(state: State) -> None:
    hosts, cloud = state.secrets("hosts"), state.secrets("control")
    for name in ("trove_ssh_user_ca_key", "trove_ssh_host_ca_key"):
        assert isinstance(load_ssh_private_key((hosts / name).read_bytes(), None), Ed25519PrivateKey)
    assert isinstance(load_pem_private_key((cloud / "trove_token_private_key").read_bytes(), None), Ed25519PrivateKey)
    TlsAuthority(*((hosts / f"trove_{name}").read_text() for name in ("tls_ca_key", "tls_ca_certificate")))
    Fernet((hosts / "trove_seal_keys").read_bytes())


def test_clouds_yaml_has_the_tenants(state: State) -> None:
    where = Addresses(ipaddress.IPv4Network("127.20.30.0/24"))
    credentials.write_clouds(state, where)
    clouds = yaml.safe_load(state.clouds_yaml.read_text())["clouds"]
    assert {name: cloud["auth"]["project_name"] for name, cloud in clouds.items()} == credentials.TENANTS
    assert clouds["demo"]["auth"]["auth_url"] == "http://127.20.30.1:5000/v3"
    assert state.clouds_yaml.stat().st_mode & 0o777 == 0o600
