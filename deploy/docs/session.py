"""Records the demonstration on a terminal, in a cloud of its own, as docs/figures/demo.svg: `make pictures`."""

import os
import pty
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.docs.terminal import Screen, picture
from deploy.local.cloud import Cloud

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "figures" / "demo.svg"
COLUMNS = 104
PASSWORD = re.compile(r"(?<=://)(\w+):[0-9a-f]+@")
HOST = re.compile(r"\w+://(?:[^/@\s]*@)?([\w.-]+)")
"""The host in a URL."""


class SessionError(Exception):
    """The command failed, or its output has what no picture may show."""


def record(command: list[str], columns: int) -> list[str]:
    """Run a command on a terminal; return the lines that are on it at the end. Raises SessionError if it fails."""
    ours, its = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": str(columns)}
    environment.pop("NO_COLOR", None)
    screen = Screen()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        screen.feed(_all_of(ours).decode(errors="replace").replace("\r\n", "\n"))
    os.close(ours)
    if process.returncode:
        raise SessionError("\n".join(["the command failed:", *screen.lines()[-20:]]))
    return screen.lines()


def _all_of(terminal: int) -> bytes:
    """Read until the last process has closed its end, which Linux reports as an error of input."""
    read = b""
    while True:
        try:
            more = os.read(terminal, 65_536)
        except OSError:
            return read
        if not more:
            return read
        read += more


def shown(lines: list[str], directory: Path) -> list[str]:
    """Return lines as a reader may see them: paths as seen from `directory` or the checkout, and no password.

    Raises:
        SessionError: a line names this machine, somebody's home or another machine.
    """
    here = [f"{directory.resolve()}/", f"{directory}/", f"{ROOT}/"]
    cleaned = []
    for line in lines:
        for path in here:
            line = line.replace(path, "")  # noqa: PLW2901 - each replaces what the one before left
        cleaned.append(PASSWORD.sub(r"\1:********@", line))
    told = "\n".join(cleaned)
    for private in (socket.gethostname(), str(Path.home()), str(ROOT), str(directory)):
        if re.search(rf"(?<![\w-]){re.escape(private)}(?![\w-])", told):
            raise SessionError(f"{private} is in the output")
    if elsewhere := [host for host in HOST.findall(told) if not host.startswith("127.")]:
        raise SessionError(f"{elsewhere[0]} is in the output")
    return cleaned


def main() -> None:
    """Run the demonstration and draw it."""
    with tempfile.TemporaryDirectory(prefix="trove-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        state = directory / ".trove"
        program = str(Path(sys.executable).with_name("trovectl"))
        try:
            lines = record([program, "--state", str(state), "demo"], COLUMNS)
        finally:
            Cloud(state).destroy()
        PICTURE.write_text(picture(["$ make demo", *shown(lines, directory)], "make demo", COLUMNS))
    sys.stdout.write(f"written: {PICTURE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
