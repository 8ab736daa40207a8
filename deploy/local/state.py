"""The state directory of an embedded cloud.

version, network, lock    what it is, where it listens, who runs it
clouds.yaml               for OpenStack clients
run/                      sockets and status of the running control plane
secrets/<group>/          generated secrets and configuration files that hold them, 0600
data/                     PostgreSQL and Swift
hosts/                    one directory per host
log/                      one file per process
"""

import fcntl
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deploy.local.errors import StateError

VERSION = "1"
MINIMUM_FREE_MB = 512
SOCKET_PATH_LIMIT = 107
"""Longest path of a Unix socket, bytes (sun_path of unix(7))."""

_PRIVATE_DIRECTORIES = ("run", "secrets", "data", "log")
_SHARED_DIRECTORIES = ("hosts",)


@dataclass(frozen=True)
class State:
    """A state directory."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> "State":
        """The state directory at a path, made absolute."""
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
    def clouds_yaml(self) -> Path:
        return self.path / "clouds.yaml"

    def secrets(self, group: str) -> Path:
        """Directory of the secrets of one service or function group."""
        return self.path / "secrets" / group

    def log(self, name: str) -> Path:
        """Log file of one process."""
        return self.path / "log" / f"{name}.log"

    def exists(self) -> bool:
        """Whether a cloud was ever started here."""
        return (self.path / "version").exists()

    def check(self) -> None:
        """Make sure that a cloud can live here.

        Raises:
            StateError: the path is too long, the disk is full, or the state is of another version.
        """
        self._check_socket_path()
        self._check_version()
        self._check_disk()

    def prepare(self, uid: int, gid: int) -> None:
        """Make the directories and give them to the user that the cloud runs as.

        Raises:
            StateError: it cannot be used or belongs to another user.
        """
        self.check()
        try:
            self._make_directories()
        except OSError as error:
            raise StateError(f"cannot write to {self.path} ({error.strerror}): choose another --state DIR") from error
        self._hand_over(uid, gid)

    def lock(self) -> IO[str] | None:
        """Take the lock that the supervisor holds while it lives; None when another process has it."""
        handle = (self.path / "lock").open("a")
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            return None
        return handle

    def running(self) -> bool:
        """Whether a supervisor holds the lock."""
        if not (self.path / "lock").exists():
            return False
        handle = self.lock()
        if handle is None:
            return True
        handle.close()
        return False

    def _make_directories(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        for name in _PRIVATE_DIRECTORIES:
            (self.path / name).mkdir(mode=0o700, exist_ok=True)
        for name in _SHARED_DIRECTORIES:
            (self.path / name).mkdir(mode=0o755, exist_ok=True)
        (self.path / "lock").touch(mode=0o600)
        if not self.exists():
            (self.path / "version").write_text(f"{VERSION}\n")

    def _hand_over(self, uid: int, gid: int) -> None:
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
