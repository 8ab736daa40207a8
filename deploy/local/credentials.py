"""Generates secrets, each stored only for the processes that need it, and writes clouds.yaml."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local import tls_authority
from deploy.local.addresses import Addresses
from deploy.local.state import State

HEAT_DOMAIN = "heat"
"""Keystone domain of the users that Heat creates for stacks."""
HEAT_DOMAIN_ADMIN = "heat_domain_admin"

USERS = ("admin", "demo", "other", "trove", "heat", "mistral", "swift", HEAT_DOMAIN_ADMIN)
"""Users with a generated password."""

TENANTS = {"demo": "demo", "other": "other", "admin": "admin"}
"""Project by the name of each cloud in clouds.yaml, which is also the user's name."""

REGION = "RegionOne"

_GROUPS = {
    "database_url": ("entrypoint", "control", "hosts"),
    "seal_keys": ("entrypoint", "control", "hosts"),
    "token_public_key": ("entrypoint", "control", "hosts"),
    "token_private_key": ("entrypoint", "control"),
    "os_password": ("entrypoint", "control"),
    "tempurl_key": ("control",),
    "ssh_user_ca_key": ("hosts",),
    "ssh_host_ca_key": ("hosts",),
    "tls_ca_key": ("hosts",),
    "tls_ca_certificate": ("entrypoint", "hosts"),
}
"""The function groups that get each secret setting."""
_PAIRS = (("token_private_key", "token_public_key"), ("tls_ca_key", "tls_ca_certificate"))
"""Settings that are generated together, since each needs the other."""


@dataclass(frozen=True)
class Passwords:
    """Passwords of the users, Heat's encryption key and Swift's hash suffix."""

    users: dict[str, str]
    heat_encryption_key: str
    swift_hash_suffix: str


def write_secret(path: Path, content: str) -> None:
    """Write a file that only its owner can read. A reader finds the old content or the new, never a part."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    partial.replace(path)


def passwords(state: State) -> Passwords:
    """Return the generated passwords; generate and store them at the first call."""
    path = state.secrets("keystone") / "passwords.json"
    if not path.exists():
        made = {
            "users": {name: secrets.token_hex(16) for name in USERS},
            "heat_encryption_key": secrets.token_hex(16),
            "swift_hash_suffix": secrets.token_hex(16),
        }
        write_secret(path, json.dumps(made))
    return Passwords(**json.loads(path.read_text()))


def own_secret(state: State, service: str, name: str, generated: str = "") -> str:
    """Return a secret that only one service has; at the first call store the generated one, or a random one."""
    path = state.secrets(service) / name
    if not path.exists():
        write_secret(path, generated or secrets.token_hex(16))
    return path.read_text()


def write_function_secrets(state: State, database_url: str) -> None:
    """Write each function group's secrets that are missing, as files `trove_<setting>`."""
    _rename_group(state)
    missing = {name for name in _GROUPS if not all(path.exists() for path in _files(state, name))}
    missing |= {name for names in _PAIRS if missing & set(names) for name in names}
    if not missing:
        return
    values = {**_generated(), "database_url": database_url, "os_password": passwords(state).users["trove"]}
    for name in missing:
        for path in _files(state, name):
            write_secret(path, values[name])


def _rename_group(state: State) -> None:
    """Rename the directory of the group `control`, which an older release named `cloud`."""
    if state.secrets("cloud").exists():
        state.secrets("cloud").rename(state.secrets("control"))


def _files(state: State, name: str) -> list[Path]:
    return [state.secrets(group) / f"trove_{name}" for group in _GROUPS[name]]


def write_clouds(state: State, addresses: Addresses) -> None:
    """Write clouds.yaml with a cloud for each entry of TENANTS."""
    known = passwords(state).users
    clouds = {
        name: {
            "auth": {
                "auth_url": addresses.url("keystone", "/v3"),
                "username": name,
                "password": known[name],
                "project_name": project,
                "user_domain_name": "Default",
                "project_domain_name": "Default",
            },
            "region_name": REGION,
            "identity_api_version": "3",
        }
        for name, project in TENANTS.items()
    }
    write_secret(state.clouds_yaml, yaml.safe_dump({"clouds": clouds}, sort_keys=False))


def _generated() -> dict[str, str]:
    token_key = Ed25519PrivateKey.generate()
    tls_ca_key, tls_ca_certificate = tls_authority.new_authority()
    return {
        "seal_keys": Fernet.generate_key().decode(),
        "token_private_key": _pem(token_key),
        "token_public_key": token_key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        "ssh_user_ca_key": _openssh(Ed25519PrivateKey.generate()),
        "ssh_host_ca_key": _openssh(Ed25519PrivateKey.generate()),
        "tls_ca_key": tls_ca_key,
        "tls_ca_certificate": tls_ca_certificate,
        "tempurl_key": secrets.token_hex(32),
    }


def _pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _openssh(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    ).decode()
