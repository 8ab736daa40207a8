"""Where the things of a local host are, and the facts that its commands find.

Standard library only: the SSH server of each host loads it.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

SSH_PORT = 2222
USERNAME = "trove"
DIRECTORIES = ("ssh", "data", "run", "log", "conf", "jobs", "boot", "bin")
NAME_LENGTH = 12
"""Hexadecimal digits of the host id in its directory's name: paths of Unix sockets are short (107 bytes)."""


@dataclass(frozen=True)
class HostFacts:
    """facts.json: what a command on the host may know about it. The same shape on every substrate."""

    host_id: str
    root: str
    address: str
    """The address the database listens on."""
    python: str
    memory_mb: int
    cpus: int
    volume_gb: int
    software: dict[str, str] = field(default_factory=dict)
    """Where the engine's software is: {"wheels": a site-packages directory, "engines": the private trees}."""
    user: str | None = None
    """The system user the engine runs as; None: the user that is logged in."""
    substrate: str = "local"


@dataclass(frozen=True)
class HostDirectory:
    """The directory of one host."""

    root: Path

    @classmethod
    def of(cls, state_dir: Path, host_id: str) -> "HostDirectory":
        """The directory a host has in a state directory, whether it is there or not."""
        return cls(hosts_dir(state_dir) / host_id.replace("-", "")[:NAME_LENGTH])

    @property
    def facts_file(self) -> Path:
        """facts.json; its name is in the environment of every process of the host (TROVE_HOST_FACTS)."""
        return self.root / "facts.json"

    @property
    def owner_file(self) -> Path:
        """The id of the Heat resource that the host belongs to."""
        return self.root / "owner"

    @property
    def host_key(self) -> Path:
        """The host's private key."""
        return self.root / "ssh" / "host_key"

    @property
    def host_certificate(self) -> Path:
        """The certificate that names the host."""
        return self.root / "ssh" / "host_key-cert.pub"

    @property
    def user_ca(self) -> Path:
        """The public key of the authority whose user certificates open the host."""
        return self.root / "ssh" / "user_ca.pub"

    @property
    def boot(self) -> Path:
        """Executables that run when the host boots."""
        return self.root / "boot"

    @property
    def booted_file(self) -> Path:
        """There when the last boot is through; holds the exit status of each boot executable."""
        return self.root / "run" / "booted"

    @property
    def sshd_pid_file(self) -> Path:
        """The SSH server's process id."""
        return self.root / "run" / "sshd.pid"

    @property
    def sshd_log(self) -> Path:
        """What the SSH server and the boot executables say."""
        return self.root / "log" / "sshd.log"

    def belongs_to(self, owner: str) -> bool:
        """Whether the host is there and was made for that Heat resource."""
        return self.owner_file.exists() and self.owner_file.read_text() == owner

    def facts(self) -> HostFacts:
        """The host's facts. Raises FileNotFoundError when there is no such host."""
        return HostFacts(**json.loads(self.facts_file.read_text()))

    def write_facts(self, facts: HostFacts) -> None:
        """Replace facts.json."""
        write_private(self.facts_file, json.dumps(asdict(facts), indent=2) + "\n")


def hosts_dir(state_dir: Path) -> Path:
    """Where a state directory keeps its hosts."""
    return state_dir.resolve() / "hosts"


def environment(host: HostDirectory) -> dict[str, str]:
    """The whole environment of the host's processes; nothing of the control plane's gets in."""
    return {
        "HOME": str(host.root),
        "LANG": "C.UTF-8",
        "LOGNAME": USERNAME,
        "PATH": f"{host.root / 'bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "SHELL": "/bin/sh",
        "TROVE_HOST_FACTS": str(host.facts_file),
        "USER": USERNAME,
    }


def write_private(path: Path, text: str) -> None:
    """Write a file (mode 0600) so that readers find the old text or the new one."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)
