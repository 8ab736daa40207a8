"""A reader of the guide: a home directory, a working directory and a shell in which pages are played."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from deploy.local.engines import trees
from tests.support.guide_pages import Command, File, Page
from tests.support.openstack_socket import write_shim

ROOT = Path(__file__).parents[2]
MARK = "--- end of command ---"
START_SECONDS = 60
PROGRAMS = ("python3", "ansible-playbook")
"""Programs of this virtual environment that pages use, beside `openstack`."""
POSTGRESQL = "postgresql-15"
"""The tree of engines that has PostgreSQL's clients, for machines without their own."""


class Reader:
    """Somebody with an account in the cloud `demo` and the clients of this environment."""

    def __init__(self, directory: Path, clouds_yaml: Path) -> None:
        self.home = directory / "home"
        programs = directory / "bin"
        configuration = self.home / ".config" / "openstack"
        for made in (programs, configuration):
            made.mkdir(parents=True)
        (configuration / "clouds.yaml").write_text(clouds_yaml.read_text())
        for program in PROGRAMS:
            _write_program(programs / program, Path(sys.executable).parent / program)
        _write_clients(programs, trees.directory() / POSTGRESQL)
        socket = directory / "openstack.socket"
        write_shim(programs, socket)
        self._environment = _environment(self.home, programs)
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.openstack_socket", str(socket)], env=self._environment, cwd=ROOT
        )
        give_up = time.monotonic() + START_SECONDS
        while not socket.exists():
            assert self._server.poll() is None and time.monotonic() < give_up, "the client does not start"
            time.sleep(0.1)

    def close(self) -> None:
        """End the client's process."""
        self._server.kill()
        self._server.wait()

    def play(self, page: Page, **environment: str) -> None:
        """Do what a page says, in a new shell in the home directory. Raises AssertionError: it is not as it says."""
        path = ":".join(part for part in (self._environment["PATH"], environment.get("PATH")) if part)
        with Shell(self._environment | environment | {"PATH": path}, self.home) as shell:
            for part in page.parts:
                if isinstance(part, File):
                    (self.home / part.name).write_text(part.text)
                else:
                    self.run(part, shell, page.name)

    def run(self, command: Command, shell: Shell, page: str) -> None:
        """Run one command. Raises AssertionError: it ends or prints otherwise than the page says."""
        begun = time.monotonic()
        code, printed = shell.run(command.text)
        told = f"{page}.md\n$ {command.text}\n{printed}\nexit status {code}"
        print(f"{told}, {time.monotonic() - begun:.1f} s")
        assert (code != 0) == command.refused, told
        assert command.shows(printed, str(self.home)), f"{told}\nthe page shows:\n{command.output}"


class Shell:
    """A bash that is given one command after the other."""

    def __init__(self, environment: dict[str, str], directory: Path) -> None:
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            env=environment,
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *_error: object) -> None:
        self._bash.kill()
        self._bash.wait()

    def run(self, command: str) -> tuple[int, str]:
        """The exit status of a command and what it printed."""
        assert self._bash.stdin and self._bash.stdout
        print(f"{{ {command}\n}} </dev/null\nprintf '\\n%s %s\\n' '{MARK}' $?", file=self._bash.stdin, flush=True)
        printed = ""
        for line in self._bash.stdout:
            if line.startswith(MARK):
                return int(line.removeprefix(MARK)), printed
            printed += line
        raise AssertionError(f"the shell ended: {printed}")


def _write_program(path: Path, program: Path | str) -> None:
    """Make a command that is a program, as a shell would call it."""
    path.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
    path.chmod(0o755)


def _write_clients(programs: Path, tree: Path) -> None:
    """Make commands of the programs of a tree that the system has not, with their libraries."""
    libraries = "" if tree.is_symlink() else ":".join(sorted(map(str, tree.glob("usr/lib/*-linux-gnu*"))))
    for program in (tree / "usr/lib/postgresql/15/bin").glob("*"):
        if shutil.which(program.name) is None:
            _write_program(programs / program.name, f"env LD_LIBRARY_PATH={libraries} {program}")


def _environment(home: Path, programs: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "PG", "TROVE"))}
    return inherited | {
        "HOME": str(home),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "OS_CLOUD": "demo",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "200",
        "TROVECLIENT_UUID_CACHE_DIR": os.devnull,
    }
