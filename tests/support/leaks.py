"""Looking for secrets where they do not belong: in files, in processes while things happen, in databases."""

import base64
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import postgres
from deploy.local.cloud import Cloud

SHORTEST = 12
"""Lines of fewer characters are no secrets."""
SMALL_FILE_BYTES = 1_000_000
PASSING_DIRECTORIES = ("jobs", "run", "conf", "boot", "log")
"""Directories of a host whose files come and go with its jobs."""


@dataclass(frozen=True)
class Needles:
    """Secrets by name, each with the forms it could be written in."""

    forms: dict[str, frozenset[bytes]] = field(repr=False)

    @classmethod
    def of(cls, secrets: Mapping[str, Iterable[str]]) -> "Needles":
        """Secrets by name; one of several lines is found by any of its lines."""
        return cls(
            {name: frozenset(form for line in lines for form in _forms(line)) for name, lines in secrets.items()}
        )

    def found_in(self, content: bytes) -> list[str]:
        """The names of the secrets that are in there."""
        return [name for name, forms in self.forms.items() if any(form in content for form in forms)]

    def found_below(self, root: Path) -> dict[str, list[str]]:
        """Each file below a directory that holds a secret, with the names of what it holds."""
        held = {str(path): self.found_in(path.read_bytes()) for path in root.rglob("*") if path.is_file()}
        return {path: names for path, names in held.items() if names}


def _forms(text: str) -> Iterator[bytes]:
    """As it is, in hexadecimal, and in base64 at each of the three places it can have in a longer text."""
    plain = text.encode()
    yield plain
    yield plain.hex().encode()
    for shift in range(3):
        padded = b"\0" * shift + plain
        whole = base64.b64encode(padded[: len(padded) // 3 * 3])
        yield whole[4:] if shift else whole


def control_secrets(cloud: Cloud) -> dict[str, list[str]]:
    """Every secret of the control plane: of the functions, of all users, and Heat's key."""
    found: dict[str, list[str]] = {}
    for file in (cloud.state.path / "secrets").rglob("trove_*"):
        if file.name not in {"trove_token_public_key", "trove_tls_ca_certificate", "trove_database_url"}:
            found[f"{file.parent.name}/{file.name}"] = _telling_lines(file.read_text())
    known = json.loads((cloud.state.secrets("keystone") / "passwords.json").read_text())
    users = known.pop("users")
    return found | {f"password of {user}": [word] for user, word in users.items()} | {k: [v] for k, v in known.items()}


def _telling_lines(text: str) -> list[str]:
    """The lines that tell one key from another: neither the armour nor the head that all OpenSSH keys share."""
    lines = [line for line in text.splitlines() if not line.startswith("-----")]
    return [line for line in (lines[1:] if len(lines) > 1 else lines) if len(line) >= SHORTEST]


def dump(cloud: Cloud, database: str) -> bytes:
    """All that one of the cloud's databases holds, as SQL."""
    return subprocess.run(
        [str(postgres.binaries() / "pg_dump"), "-h", str(cloud.state.run), "-U", postgres.SUPERUSER, database],
        check=True,
        capture_output=True,
    ).stdout


@dataclass
class Watch:
    """What was seen in all processes of the machine, and in the passing files of all hosts, over a time."""

    hosts: Path
    needles: Needles
    leaks: set[str] = field(default_factory=set)
    programs: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)

    def look(self) -> None:
        """Look once at everything."""
        self.look_at_processes()
        self.look_at_files()

    def look_at_processes(self) -> None:
        """Look once at all processes."""
        for process in Path("/proc").glob("[0-9]*"):
            self._process(process)

    def look_at_files(self) -> None:
        """Look once at all passing files. Directories may pass meanwhile, which os.walk takes as empty."""
        for name in PASSING_DIRECTORIES:
            for directory in self.hosts.glob(f"*/{name}"):
                for parent, _directories, files in os.walk(directory):
                    for file in files:
                        self._file(Path(parent, file))

    def _process(self, process: Path) -> None:
        try:
            program = (process / "comm").read_text().strip()
            for view in ("cmdline", "environ"):
                names = self.needles.found_in((process / view).read_bytes())
                self.leaks.update(f"{name} in {view} of {program}" for name in names)
        except OSError:
            return
        self.programs.add(program)

    def _file(self, path: Path) -> None:
        try:
            if not path.is_file() or path.stat().st_size > SMALL_FILE_BYTES:
                return
            names = self.needles.found_in(path.read_bytes())
        except OSError:
            return
        self.leaks.update(f"{name} in {path}" for name in names)
        self.files.add(path.name)


@contextmanager
def watching(hosts: Path, needles: Needles) -> Iterator[Watch]:
    """Look again and again until the block ends; at processes and files apart, for a program may pass quickly."""
    watch, over = Watch(hosts, needles), threading.Event()

    def look_on(look: Callable[[], None]) -> None:
        while not over.is_set():
            look()

    looks = (watch.look_at_processes, watch.look_at_files)
    watchers = [threading.Thread(target=look_on, args=(look,), daemon=True) for look in looks]
    for watcher in watchers:
        watcher.start()
    try:
        yield watch
    finally:
        over.set()
        for watcher in watchers:
            watcher.join()
