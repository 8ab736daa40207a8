"""Engines' programs: fetched by an apt-get that is a script here, linked to the system, or left out with the reason."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from datastores import bundle
from datastores.catalog import Catalog, load
from deploy.local.cli import main
from deploy.local.engines import availability, fetch, packages, trees
from deploy.local.engines.packages import PackageError

POSTGRESQL = Path(bundle.__file__).parent / "postgresql" / "datastore.yaml"
PROGRAMS = ("initdb", "pg_ctl", "postgres", "psql", "pg_basebackup", "pg_verifybackup")

APT_GET = """\
echo "$@" >>{log}
words=$(printf '%s\\n' "$@" | grep -v -e '^-' -e '::')
case " $* " in
*" update "*) [ -e {mirror} ] || {{ echo "W: Failed to fetch http://mirror/  Could not connect"; }}; exit 0 ;;
*Dir::State::lists=*) [ -e {mirror} ] || {{ echo "E: Unable to locate package postgresql-15"; exit 100; }} ;;
*) [ -e {lists} ] || {{ echo "E: Unable to locate package postgresql-15"; exit 100; }} ;;
esac
case " $* " in
*" --simulate "*)
    echo "Inst libpq5 (15.20-0 Debian:12 [amd64])"
    echo "Inst libxml2:amd64 [2.9] (2.9.14 Debian:12 [amd64]) []"
    echo "Inst ssl-cert (1.1.2 Debian:12 [all])" ;;
*" download "*) for word in $words; do [ "$word" = download ] || echo "$word" >"${{word}}_1_amd64.deb"; done ;;
esac
"""
DPKG_DEB = """\
case $1 in
--field) cat {version} ;;
--extract)
    mkdir -p "$3{system}" "$3/lib/x86_64-linux-gnu" "$3/usr/lib/x86_64-linux-gnu"
    case $(cat "$2") in
    lib*) touch "$3/lib/x86_64-linux-gnu/$(cat "$2").so" ;;
    *) for name in {programs}; do touch "$3{system}/$name"; done ;;
    esac ;;
esac
"""


class Machine:
    """A machine with a PATH of our own: apt-get and dpkg-deb are scripts, and PostgreSQL belongs into `system`."""

    def __init__(self, root: Path) -> None:
        self.root, self.engines, self.bin = root, root / "engines", root / "bin"
        self.log, self.version = root / "log", root / "version"
        self.lists, self.mirror, self.system = root / "lists", root / "mirror", root / "system"
        self.version.write_text("15.20-0+deb12u1\n")
        self.bin.mkdir()
        for name in ("cat", "grep", "mkdir", "touch"):
            found = next(Path(item, name) for item in ("/usr/bin", "/bin") if Path(item, name).exists())
            (self.bin / name).symlink_to(found)
        names = vars(self) | {"programs": " ".join(PROGRAMS)}
        for name, text in (("apt-get", APT_GET), ("dpkg-deb", DPKG_DEB)):
            (self.bin / name).write_text(f"#!/bin/sh\n{text.format(**names)}")
            (self.bin / name).chmod(0o755)

    def catalog(self, **substrate: Any) -> Catalog:  # noqa: ANN401
        """PostgreSQL with one version, 15, on local hosts."""
        document = yaml.safe_load(POSTGRESQL.read_text())
        local = {"programs": f"{{debian}}{self.system}", "package": "p", "debian": ["postgresql-15"]}
        version = {"id": document["versions"][0]["id"], "name": "15", "number": "15"}
        document |= {"default_version": "15", "versions": [version | {"substrates": {"local": local | substrate}}]}
        folder = self.root / "postgresql"
        folder.mkdir(exist_ok=True)
        (folder / "datastore.yaml").write_text(yaml.safe_dump(document))
        return load([folder / "datastore.yaml"])

    def fetch(self, catalog: Catalog) -> list[str]:
        """What is said while fetching."""
        said: list[str] = []
        fetch.fetch(catalog, self.engines, said.append)
        return said

    def asked(self) -> str:
        """All that apt-get was asked so far."""
        return self.log.read_text() if self.log.exists() else ""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setenv("PATH", str(made.bin))
    return made


def test_a_tree_has_the_named_packages_and_their_libraries_and_is_fetched_once(machine: Machine) -> None:
    machine.lists.touch()
    catalog = machine.catalog()
    [line] = machine.fetch(catalog)
    assert line.startswith("postgresql 15: 3 packages, ")
    assert "download postgresql-15 libpq5 libxml2\n" in machine.asked()
    assert "update" not in machine.asked()
    tree = machine.engines / "postgresql-15"
    assert (tree / "usr/lib/x86_64-linux-gnu/libpq5.so").exists()
    assert not (tree / "lib").exists()
    asked = machine.asked()
    assert machine.fetch(catalog) == []
    assert machine.asked() == asked
    assert [(found.origin, found.problem) for found in availability.check(catalog, machine.engines)] == [
        ("private tree", None)
    ]


def test_a_tree_of_other_packages_is_replaced(machine: Machine) -> None:
    machine.lists.touch()
    machine.fetch(machine.catalog())
    (machine.engines / "postgresql-15" / "old").touch()
    assert len(machine.fetch(machine.catalog(debian=["postgresql-15", "postgresql-client-15"]))) == 1
    assert not (machine.engines / "postgresql-15" / "old").exists()
    assert sorted(path.name for path in machine.engines.iterdir()) == [".lock", "postgresql-15"]


def test_lists_that_lack_a_package_are_fetched_privately(machine: Machine) -> None:
    machine.mirror.touch()
    [line] = machine.fetch(machine.catalog())
    assert "left out" not in line
    assert [words for words in machine.asked().splitlines() if "update" in words and "Dir::State::lists=" in words]


def test_without_a_mirror_it_is_left_out_and_remembered(machine: Machine) -> None:
    catalog = machine.catalog()
    [line] = machine.fetch(catalog)
    reason = "Unable to locate package postgresql-15 (Failed to fetch http://mirror/  Could not connect)"
    assert line == f"left out: postgresql 15: {reason}; get it with: trovectl datastores --fetch"
    [found] = availability.missing(catalog, machine.engines)
    assert (found.problem, found.remedy) == (reason, fetch.FETCH_COMMAND)
    assert availability.unavailable_ids(catalog, machine.engines) == [found.version.id]
    machine.lists.touch()
    machine.fetch(catalog)
    assert availability.missing(catalog, machine.engines) == []


def test_another_release_than_wanted_is_left_out(machine: Machine) -> None:
    machine.lists.touch()
    machine.version.write_text("1:16.3-1\n")
    [line] = machine.fetch(machine.catalog())
    assert "this system's postgresql-15 is 1:16.3-1, not 15" in line
    assert sorted(path.name for path in machine.engines.iterdir()) == [".lock", "postgresql-15.reason"]


def test_packages_that_lack_a_program_are_left_out(machine: Machine) -> None:
    machine.lists.touch()
    [line] = machine.fetch(machine.catalog(programs="{debian}/usr/bin"))
    assert "the packages lack something: PostgreSQL 15 is not on this host" in line


def test_where_nothing_can_be_fetched_the_systems_own_programs_are_taken(machine: Machine) -> None:
    (machine.bin / "apt-get").unlink()
    machine.system.mkdir()
    for name in PROGRAMS:
        (machine.system / name).touch()
    catalog = machine.catalog()
    [line] = machine.fetch(catalog)
    assert line.startswith("postgresql 15: the system's own (this system has no Debian packages), ")
    assert (machine.engines / "postgresql-15").readlink() == Path("/")
    assert [found.origin for found in availability.check(catalog, machine.engines)] == ["system"]
    assert machine.fetch(catalog) == []


def test_an_interrupted_making_is_swept(machine: Machine) -> None:
    machine.lists.touch()
    (machine.engines / ".new.0123" / "postgresql-15").mkdir(parents=True)
    machine.fetch(machine.catalog())
    assert sorted(path.name for path in machine.engines.iterdir()) == [".lock", "postgresql-15"]


def test_two_set_ups_at_once_fetch_once(machine: Machine) -> None:
    machine.lists.touch()
    machine.engines.mkdir()
    catalog = machine.catalog()
    descriptor = os.open(machine.engines / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    waits, said = threading.Event(), []

    def say(line: str) -> None:
        said.append(line)
        waits.set()

    other = threading.Thread(target=fetch.fetch, args=(catalog, machine.engines, say))
    other.start()
    assert waits.wait(20)
    assert machine.asked() == ""
    os.close(descriptor)
    other.join()
    assert [line.split()[0] for line in said] == ["waiting", "postgresql"]


@pytest.mark.parametrize(
    ("number", "version", "fits"),
    [
        ("7.0", "5:7.0.15-1~deb12u5", True),
        ("7.0", "5:7.01", False),
        ("10.1", "1:10.11.19-0", False),
        ("1.6.7", "1.6.7~rc0-1+b13", True),
        ("15", "15.20-0+deb12u1", True),
        ("15", "5:15", True),
    ],
)
def test_a_packages_version_is_of_a_release(number: str, version: str, fits: bool) -> None:
    if fits:
        packages.check_version("p", number, version)
    else:
        with pytest.raises(PackageError, match="not"):
            packages.check_version("p", number, version)


def test_the_trees_are_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TROVE_ENGINES", "/srv/engines")
    monkeypatch.setenv("XDG_CACHE_HOME", "/srv/cache")
    assert trees.directory() == Path("/srv/engines")
    monkeypatch.delenv("TROVE_ENGINES")
    assert trees.directory() == Path("/srv/cache/trove/engines")


def test_the_command_shows_every_version_and_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TROVE_ENGINES", str(tmp_path))
    shown = CliRunner().invoke(main, ["datastores"])
    assert shown.exit_code == 0
    assert "postgresql 18 yes wheel" in " ".join(shown.output.split())
    assert "postgresql 17: only for hosts of nova" in shown.output
