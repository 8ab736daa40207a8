"""The state directory of an embedded cloud.

version, network, lock    version of its layout, loopback network, lock of the supervisor
extras                    names of the services that it has besides the usual ones
clouds.yaml               for OpenStack clients
run/                      sockets and status of the running control plane
secrets/<group>/          generated secrets and configuration files that hold them, 0600
data/                     PostgreSQL, Swift and Barbican
hosts/                    one directory per host
endpoints/                one directory per endpoint
log/                      one file per process
"""

import fcntl
import os
import pwd
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deploy.local.errors import StateError

VERSION = "1"
"""Version of the layout of the state directory."""
MINIMUM_FREE_MB = 512
"""Free disk space, MB, without which the cloud does not start."""
SOCKET_PATH_LIMIT = 107
"""Longest path of a Unix socket, bytes (sun_path of unix(7))."""

EXTRAS = ("barbican",)
"""Services that a cloud has if it was started with them (`trovectl up --with`)."""

_PRIVATE_DIRECTORIES = ("run", "secrets", "data", "endpoints", "log")
_SHARED_DIRECTORIES = ("hosts",)


@dataclass(frozen=True)
class State:
    """A state directory."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> "State":
        """Return the state directory at a path, which is made absolute."""
        return cls(path.expanduser().absolute())

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def hosts(self) -> Path:
        return self.path / "hosts"

    @property
    def endpoints(self) -> Path:
        return self.path / "endpoints"

    @property
    def clouds_yaml(self) -> Path:
        return self.path / "clouds.yaml"

    def secrets(self, group: str) -> Path:
        """Return the directory of the secrets of a service or function group."""
        return self.path / "secrets" / group

    def log(self, name: str) -> Path:
        """Return the log file of a process."""
        return self.path / "log" / f"{name}.log"

    def extras(self) -> list[str]:
        """Return the names of the services that the cloud has besides the usual ones."""
        path = self.path / "extras"
        return path.read_text().split() if path.exists() else []

    def add_extras(self, names: Iterable[str]) -> None:
        """Have the cloud, from its next start or the supervisor's next look on, these services, too."""
        wanted = dict.fromkeys([*self.extras(), *names])
        partial = self.path / f"extras.{os.getpid()}"
        partial.write_text("".join(f"{name}\n" for name in wanted))
        partial.replace(self.path / "extras")

    def exists(self) -> bool:
        """Return whether a cloud was ever started here."""
        return (self.path / "version").exists()

    def check(self) -> None:
        """Check that a cloud can use the directory.

        Raises:
            StateError: the path is too long, the disk is full, or the state is of another version.
        """
        self._check_socket_path()
        self._check_version()
        self._check_disk()

    def prepare(self, uid: int, gid: int) -> None:
        """Create the directories and change their owner to the user that the cloud runs as.

        Raises:
            StateError: the directory cannot be used or belongs to another user.
        """
        self.check()
        try:
            self._create_directories()
        except OSError as error:
            raise StateError(f"cannot write to {self.path} ({error.strerror}): choose another --state DIR") from error
        self._change_owner(uid, gid)

    def lock(self) -> IO[str] | None:
        """Take the lock that the supervisor holds while it runs; return None if another process has it."""
        handle = (self.path / "lock").open("a")
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            return None
        return handle

    def running(self) -> bool:
        """Return whether a supervisor holds the lock."""
        if not (self.path / "lock").exists():
            return False
        handle = self.lock()
        if handle is None:
            return True
        handle.close()
        return False

    def _create_directories(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        for name in _PRIVATE_DIRECTORIES:
            (self.path / name).mkdir(mode=0o700, exist_ok=True)
        for name in _SHARED_DIRECTORIES:
            (self.path / name).mkdir(mode=0o755, exist_ok=True)
        (self.path / "lock").touch(mode=0o600)
        if not self.exists():
            (self.path / "version").write_text(f"{VERSION}\n")

    def _change_owner(self, uid: int, gid: int) -> None:
        owner = self.path.stat().st_uid
        if owner not in {uid, os.geteuid()}:
            raise StateError(
                f"{self.path} belongs to user {_user_name(owner)}: run trovectl as that user or choose another --state"
            )
        if os.geteuid() == uid:
            return
        top = [self.path, *(self.path / name for name in (*_PRIVATE_DIRECTORIES, *_SHARED_DIRECTORIES))]
        for path in (*top, *(entry for entry in self.path.iterdir() if entry.is_file())):
            os.chown(path, uid, gid)

    def _check_socket_path(self) -> None:
        length = len(os.fsencode(self.run / ".s.PGSQL.5432"))
        if length > SOCKET_PATH_LIMIT:
            excess = length - SOCKET_PATH_LIMIT
            raise StateError(
                f"the path {self.path} is {excess} bytes too long for a Unix socket: choose a shorter --state DIR"
            )

    def _check_version(self) -> None:
        if not self.exists():
            return
        found = (self.path / "version").read_text().strip()
        if found != VERSION:
            raise StateError(
                f"{self.path} was made by another release (state version {found}, this one reads {VERSION}): run that "
                "release, or remove it with 'trovectl destroy' or choose another --state DIR"
            )

    def _check_disk(self) -> None:
        existing = next(path for path in (self.path, *self.path.parents) if path.exists())
        free = shutil.disk_usage(existing).free // 2**20
        if free < MINIMUM_FREE_MB:
            raise StateError(
                f"only {free} MB are free at {existing}, the embedded cloud needs {MINIMUM_FREE_MB} MB: make room or "
                "choose another --state DIR"
            )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
