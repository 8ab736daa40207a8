"""The files of a local host, and the facts that its commands read.

Standard library only, since the SSH server of each host imports it.
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
"""Hexadecimal digits of the host id in its directory's name. A path of a Unix socket has at most 107 bytes."""


@dataclass(frozen=True)
class HostFacts:
    """facts.json: what commands on the host know about it. It has the same form on every substrate."""

    host_id: str
    root: str
    address: str
    """The address the database listens on."""
    python: str
    memory_mb: int
    cpus: int
    volume_gb: int
    software: dict[str, str] = field(default_factory=dict)
    """Directories of the engine's software: {"wheels": a site-packages directory, "engines": the private trees}."""
    user: str | None = None
    """The system user that the engine runs as; None: the user that is logged in."""
    substrate: str = "local"


@dataclass(frozen=True)
class HostDirectory:
    """The directory of one host."""

    root: Path

    @classmethod
    def of(cls, state_dir: Path, host_id: str) -> "HostDirectory":
        """Return the directory of a host in a state directory; it need not exist."""
        return cls(hosts_dir(state_dir) / host_id.replace("-", "")[:NAME_LENGTH])

    @property
    def facts_file(self) -> Path:
        """facts.json, which TROVE_HOST_FACTS names in the environment of every process of the host."""
        return self.root / "facts.json"

    @property
    def owner_file(self) -> Path:
        """The file with the id of the Heat resource that the host belongs to."""
        return self.root / "owner"

    @property
    def isolated_file(self) -> Path:
        """The file that exists while the host is isolated: then none of its processes may run."""
        return self.root / "isolated"

    @property
    def host_key(self) -> Path:
        """The host's private SSH key."""
        return self.root / "ssh" / "host_key"

    @property
    def host_certificate(self) -> Path:
        """The host's SSH certificate."""
        return self.root / "ssh" / "host_key-cert.pub"

    @property
    def user_ca(self) -> Path:
        """The public key of the authority whose user certificates the host accepts."""
        return self.root / "ssh" / "user_ca.pub"

    @property
    def boot(self) -> Path:
        """The directory of executables that run when the host boots."""
        return self.root / "boot"

    @property
    def booted_file(self) -> Path:
        """The file that the end of a boot writes, with the exit status of each boot executable."""
        return self.root / "run" / "booted"

    @property
    def sshd_pid_file(self) -> Path:
        """The file with the SSH server's process id."""
        return self.root / "run" / "sshd.pid"

    @property
    def sshd_log(self) -> Path:
        """The log of the SSH server and the boot executables."""
        return self.root / "log" / "sshd.log"

    def belongs_to(self, owner: str) -> bool:
        """Return whether the host exists and belongs to that Heat resource."""
        return self.owner_file.exists() and self.owner_file.read_text() == owner

    def facts(self) -> HostFacts:
        """Read the host's facts. Raises FileNotFoundError if there is no such host."""
        return HostFacts(**json.loads(self.facts_file.read_text()))

    def write_facts(self, facts: HostFacts) -> None:
        """Replace facts.json."""
        write_private(self.facts_file, json.dumps(asdict(facts), indent=2) + "\n")


def hosts_dir(state_dir: Path) -> Path:
    """Return the directory of a state directory's hosts."""
    return state_dir.resolve() / "hosts"


def environment(host: HostDirectory) -> dict[str, str]:
    """Return the whole environment of the host's processes; it has no variable of the control plane."""
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
    """Write a file with mode 0600. A reader finds the old text or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)
