"""The real `openstack` client behind a socket, so that a shell's many commands pay for its imports once.

A client connects, sends its standard input, output and error as descriptors with one line of JSON {"words",
"environment", "directory"}, and gets the exit status. Each command runs in a process of its own, forked from this one,
in which the same happens as in the console script.
"""

import contextlib
import json
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

from tests.support.openstack_commands import import_client, run_as_script

SHIM = """#!{python} -SE
import json, os, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect({path!r})
asked = dict(words=sys.argv[1:], environment=dict(os.environ), directory=os.getcwd())
socket.send_fds(connection, [b"0"], [0, 1, 2])
connection.sendall(json.dumps(asked).encode() + b"\\n")
sys.exit(int(connection.recv(16) or 1))
"""
"""The command `openstack` of a shell; starting it takes 20 ms."""


def main(path: str) -> None:
    """Serve commands until this process is ended."""
    sys.argv = ["openstack"]
    import_client()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    while True:
        connection, _address = listener.accept()
        if os.fork() == 0:
            _serve(connection)
        connection.close()


def write_shim(directory: Path, path: Path) -> None:
    """Make the command `openstack` in a directory that is to be on PATH."""
    shim = directory / "openstack"
    shim.write_text(SHIM.format(python=sys.executable, path=str(path)))
    shim.chmod(0o755)


def _serve(connection: socket.socket) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _byte, descriptors, _flags, _address = socket.recv_fds(connection, 1, 3)
    asked = json.loads(connection.makefile().readline())
    child = os.fork()
    if child == 0:
        connection.close()
        _be_the_command(asked, descriptors)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with contextlib.suppress(OSError):
        connection.sendall(str(code).encode())
    os._exit(0)


def _be_the_command(asked: dict[str, Any], descriptors: list[int]) -> NoReturn:
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(asked["directory"])
    logging.getLogger().handlers.clear()  # those of `import_client`, which would say everything a second time
    run_as_script(asked["words"], asked["environment"])


if __name__ == "__main__":
    main(sys.argv[1])
