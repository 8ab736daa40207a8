"""What a host knows about itself, and where things are on it."""

from __future__ import annotations

import json
import os
import pwd
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from datastores.host import files
from datastores.host.errors import BadRequest
from datastores.protocol.tls import TlsMode

DEFAULT_FILE = "/etc/trove/host.json"
_SOCKET_PATH_BYTES = 107  # sockaddr_un.sun_path, unix(7)
_LONGEST_SOCKET_NAME = 24


@dataclass(frozen=True)
class Facts:
    """A host's facts, read once from a JSON file. `user` is who runs the engine when we log in as root."""

    host_id: str
    substrate: str
    root: Path
    address: str
    user: str | None
    python: str
    software: dict[str, str]
    memory_mb: int
    cpus: int
    volume_gb: int

    @property
    def data(self) -> Path:
        """The volume; an engine's files live in `data/<datastore>`."""
        return self.root / "data"

    @property
    def run(self) -> Path:
        """Sockets and the like."""
        return self.root / "run"

    @property
    def log(self) -> Path:
        """The engine's logs."""
        return self.root / "log"

    @property
    def conf(self) -> Path:
        """Configuration that belongs to this host, not to the data."""
        return self.root / "conf"

    @property
    def jobs(self) -> Path:
        """One directory a job."""
        return self.root / "jobs"

    @property
    def boot(self) -> Path:
        """Executables run when the host boots."""
        return self.root / "boot"

    @property
    def certificate(self) -> Path:
        """The certificate (PEM, with its chain) with which the database shows clients who it is."""
        return self.conf / "server.crt"

    @property
    def private_key(self) -> Path:
        """The certificate's private key."""
        return self.conf / "server.key"

    @property
    def authority(self) -> Path:
        """The certificate of the authority by which clients know the database."""
        return self.conf / "ca.crt"

    @property
    def client_authority(self) -> Path:
        """The certificates of the authorities whose clients the mode `mtls` admits; of no meaning in the others."""
        return self.conf / "clients.crt"

    @property
    def tls_mode_file(self) -> Path:
        """The file that says what clients need, a word."""
        return self.conf / "tls-mode"

    @property
    def tls_mode(self) -> TlsMode:
        """What clients need to come in, where the database has a certificate."""
        path = self.tls_mode_file
        return TlsMode(path.read_text().strip()) if path.exists() else TlsMode.BUILTIN

    @property
    def has_certificate(self) -> bool:
        """Whether the database has a certificate: then clients get in with TLS only, where the engine can."""
        return self.certificate.exists() and self.private_key.exists()

    @property
    def engine_user(self) -> str:
        """Name of the OS user the engine runs as.

        Raises BadRequest when the current user has no name (engines identify their administrator by it).
        """
        if self.user:
            return self.user
        try:
            return pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:
            raise BadRequest(f"user id {os.geteuid()} has no name on this host: add it to /etc/passwd") from None

    def prepare(self) -> None:
        """Make the directories, private to the user of each. Raises BadRequest when sockets cannot fit their path."""
        if len(os.fsencode(self.run)) + _LONGEST_SOCKET_NAME > _SOCKET_PATH_BYTES:
            raise BadRequest(f"{self.run} is too long a path for a socket: put the hosts under a shorter directory")
        for directory in (self.jobs, self.boot):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for directory in (self.data, self.run, self.log, self.conf):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.chown(directory)

    def chown(self, path: Path) -> None:
        """Make the engine's user the owner of a path."""
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def make_empty(self, directory: Path) -> None:
        """Make an empty directory of the engine's user, in place of whatever directory is there."""
        files.remove_tree(directory)
        directory.mkdir(mode=0o700)
        self.chown(directory)


def load() -> Facts:
    """The facts of this host, from TROVE_HOST_FACTS or /etc/trove/host.json.

    Raises BadRequest naming the file and the field.
    """
    path = Path(os.environ.get("TROVE_HOST_FACTS", DEFAULT_FILE))
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise BadRequest(f"reading the host's facts {path}: {error}") from error
    return parse(document, str(path))


def parse(document: dict[str, Any], source: str) -> Facts:
    """Facts from their JSON document; unknown fields are ignored. Raises BadRequest naming source and field."""
    values = {"user": None, "software": {}, **{f.name: document[f.name] for f in fields(Facts) if f.name in document}}
    for field in fields(Facts):
        if field.name not in values:
            raise BadRequest(f"{source}: field '{field.name}' is missing")
    for name in ("memory_mb", "cpus", "volume_gb"):
        if not isinstance(values[name], int):
            raise BadRequest(f"{source}: field '{name}' must be an integer, not {values[name]!r}")
    root = Path(values.pop("root"))
    if not root.is_absolute():
        raise BadRequest(f"{source}: field 'root' must be an absolute path, not '{root}'")
    return Facts(root=root, **values)
