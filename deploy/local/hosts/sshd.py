"""Starts the SSH server of a local host: `python -m deploy.local.hosts.sshd DIR`.

The command returns once the port is bound; who connects from then on is served when the server has loaded. The server
is detached: it outlives the process that started it. If another one has the port, the command does nothing.
"""

import errno
import os
import signal
import socket
import sys
from pathlib import Path

from deploy.local.hosts.layout import SSH_PORT, HostDirectory

INHERITED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGCHLD)
"""Signals whose handling a child process may inherit."""


def default_signals() -> None:
    """Unblock all signals, and restore the default action of those that a parent may ignore (nohup: SIGHUP)."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in INHERITED:
        signal.signal(number, signal.SIG_DFL)


def main() -> None:
    """Bind the port, detach from the parent process, then import and run the server.

    Not so if the host was isolated meanwhile.
    """
    host = HostDirectory(Path(sys.argv[1]).resolve())
    if host.isolated_file.exists():
        sys.exit("the host is isolated")
    try:
        listener = socket.create_server((host.facts().address, SSH_PORT))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        print(f"another process has port {SSH_PORT} of {host.facts().address}", file=sys.stderr)
        return
    for file in (host.booted_file, host.sshd_pid_file):
        file.unlink(missing_ok=True)
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    default_signals()

    import asyncio

    from deploy.local.hosts.ssh_server import serve

    asyncio.run(serve(host, listener))


if __name__ == "__main__":
    main()
