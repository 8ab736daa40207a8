"""Fetches Debian packages without root: apt-get downloads them, dpkg-deb unpacks them, nothing is installed."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploy.local.errors import LocalError

_TIMEOUT_SECONDS = 30
"""Seconds after which apt-get gives up on a mirror that does not answer."""
_TO_INSTALL = re.compile(r"^Inst (lib\S*?)(?::\S+)? .*\(", re.MULTILINE)
_COMPLAINT = re.compile(r"^(?:E: |W: (?=Failed to fetch))(.*)", re.MULTILINE)


class PackageError(LocalError):
    """A package cannot be downloaded or unpacked here; the message says why, in one line."""


class Apt:
    """Downloads packages that apt authenticates. `scratch` is an empty directory that apt's sandbox user may enter.

    It uses the system's package lists and, if a package is not found by them, fetches lists of its own.
    """

    def __init__(self, scratch: Path) -> None:
        self._cache = scratch / "cache"
        self._lists = scratch / "lists"
        self._complaint = ""
        (self._cache / "archives" / "partial").mkdir(parents=True)

    def download(self, packages: Sequence[str], into: Path) -> list[Path]:
        """Download packages, and the libraries (lib*) they need that the system lacks, into the emptied `into`.

        Raises:
            PackageError: there is no apt-get, no such package, or no mirror that answers.
        """
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise PackageError("this system has no Debian packages")
        try:
            return self._download(packages, into)
        except PackageError as error:
            if self._lists.exists():
                raise PackageError(f"{error}{self._complaint}") from error
        self._fetch_lists()
        return self.download(packages, into)

    def _download(self, packages: Sequence[str], into: Path) -> list[Path]:
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        plan = self._run(["install", "--simulate", "--no-install-recommends", *packages], into)
        libraries = set(_TO_INSTALL.findall(plan)) - {name_of(package) for package in packages}
        self._run(["download", *packages, *sorted(libraries)], into)
        return sorted(into.glob("*.deb"))

    def _fetch_lists(self) -> None:
        (self._lists / "partial").mkdir(parents=True)
        if complaint := _COMPLAINT.search(self._run(["update", "-q"], self._cache)):
            self._complaint = f" ({complaint[1]})"

    def _run(self, words: Sequence[str], directory: Path) -> str:
        options = {
            "Dir::Cache": self._cache,
            "Dir::Cache::pkgcache": "pkgcache.bin",  # container images disable it; it halves the time
            "Dir::Cache::srcpkgcache": "srcpkgcache.bin",
            "Acquire::Languages": "none",
            "Acquire::Retries": 1,
            "Acquire::http::Timeout": _TIMEOUT_SECONDS,
            "Acquire::https::Timeout": _TIMEOUT_SECONDS,
            **({"Dir::State::lists": self._lists} if self._lists.exists() else {}),
        }
        given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        done = subprocess.run(
            ["apt-get", *given, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=directory,
            env={**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
            check=False,
        )
        if done.returncode:
            complaint = _COMPLAINT.search(done.stdout)
            raise PackageError(complaint[1] if complaint else f"apt-get {words[0]} failed ({done.returncode})")
        return done.stdout


def unpack(files: Sequence[Path], tree: Path) -> None:
    """Unpack packages into a directory, with the contents of /lib moved to /usr/lib. Raises PackageError."""
    for file in files:
        done = subprocess.run(["dpkg-deb", "--extract", file, tree], capture_output=True, text=True, check=False)
        if done.returncode:
            raise PackageError(f"{file.name}: {done.stderr.strip()}")
    if (tree / "lib").is_dir() and not (tree / "lib").is_symlink():
        shutil.copytree(tree / "lib", tree / "usr" / "lib", symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(tree / "lib")


def name_of(package: str) -> str:
    """Return the name in apt-get's form of a package, `name` or `name/release`."""
    return package.partition("/")[0]


def check_version(package: str, number: str, version: str) -> None:
    """Raise PackageError unless a package's version is of that release: 5:7.0.15-1 is of `7.0`, 7.01 is not."""
    if not re.match(rf"(?:\d+:)?{re.escape(number)}(?!\d)", version):
        raise PackageError(f"this system's {package} is {version}, not {number}")


def version_of(file: Path) -> str:
    """Return the version of a package's file."""
    return _output(["dpkg-deb", "--field", str(file), "Version"])


def installed_version(package: str) -> str | None:
    """Return the version installed on this system, None if there is none or it is unknown."""
    return _output(["dpkg-query", "--show", "--showformat=${Version}", package]) or None


def _output(command: list[str]) -> str:
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
