"""Start the SSH server of a local host, detached: `python -m deploy.local.hosts.sshd DIR`.

Returns at once. The server belongs to nobody: it outlives whoever started it.
"""

import os
import signal
import sys
from pathlib import Path

from deploy.local.hosts.layout import HostDirectory

HANDED_DOWN = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGCHLD)


def default_signals() -> None:
    """Undo what a parent may have handed down: blocked signals, and ignored ones (nohup's SIGHUP)."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in HANDED_DOWN:
        signal.signal(number, signal.SIG_DFL)


def main() -> None:
    """Entry point: detach, and only then load the server."""
    host = HostDirectory(Path(sys.argv[1]).resolve())
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    default_signals()

    import asyncio

    from deploy.local.hosts.ssh_server import serve

    asyncio.run(serve(host))


if __name__ == "__main__":
    main()
