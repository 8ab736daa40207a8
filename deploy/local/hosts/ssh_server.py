"""The SSH server of one local host.

It takes the place of the sshd of real hosts, whose configuration is in deploy/heat/substrates/nova_host.yaml. It
accepts certificates of the user authority only, for one user name and the host's own principal. It runs commands only,
without terminal, forwarding or file transfer, each in a session of its own that outlives the connection. SIGHUP makes
it read the host key again.
"""

import asyncio
import os
import signal
import socket
import subprocess
from pathlib import Path

import asyncssh

from deploy.local.hosts.layout import USERNAME, HostDirectory, environment, write_private

CHUNK = 65_536
"""Bytes forwarded at once between a client and its command."""
LOGIN_TIMEOUT = 20
"""Seconds after which a connection that has not logged in is closed."""
KEEPALIVE_INTERVAL = 30
"""Seconds between two keepalive messages."""
BOOT_TIMEOUT = 60
"""Seconds after which a boot executable is ended."""
NOT_EXECUTED = 127
"""Exit status of a request that is not a command."""
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com")


class CertificateLogin(asyncssh.SSHServer):
    """Accepts logins with a certificate for this host, under the one user name."""

    def __init__(self, authorized: asyncssh.SSHAuthorizedKeys) -> None:
        self._authorized = authorized
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Store the connection, for `begin_auth`."""
        self._connection = conn

    def begin_auth(self, username: str) -> bool:
        """Return True: authentication is always needed. Set no authorized keys for another user name."""
        if username == USERNAME and self._connection:
            self._connection.set_authorized_keys(self._authorized)
        return True


def authorized_keys(host: HostDirectory) -> asyncssh.SSHAuthorizedKeys:
    """Return the user authority as an authorized key, for certificates that name this host."""
    principal = f"trove-op:{host.facts().host_id}"
    return asyncssh.import_authorized_keys(f'cert-authority,principals="{principal}" {host.user_ca.read_text()}')


def host_keys(host: HostDirectory) -> list[tuple[str, str]]:
    """Return the paths of the host's key and certificate, in asyncssh's form."""
    return [(str(host.host_key), str(host.host_certificate))]


async def serve(host: HostDirectory, listener: socket.socket) -> None:
    """Accept connections on the socket, run the boot executables, and serve until the process ends."""

    async def command(process: "asyncssh.SSHServerProcess[bytes]") -> None:
        await run_command(host, process)

    loop = asyncio.get_running_loop()
    server = await asyncssh.listen(
        sock=listener,
        server_factory=lambda: CertificateLogin(authorized_keys(host)),
        server_host_keys=host_keys(host),
        process_factory=command,
        encoding=None,
        encryption_algs=CIPHERS,
        password_auth=False,
        kbdint_auth=False,
        gss_host=None,
        allow_pty=False,
        allow_scp=False,
        agent_forwarding=False,
        x11_forwarding=False,
        login_timeout=LOGIN_TIMEOUT,
        keepalive_interval=KEEPALIVE_INTERVAL,
    )
    loop.add_signal_handler(signal.SIGHUP, lambda: server.update(server_host_keys=host_keys(host)))
    write_private(host.sshd_pid_file, f"{os.getpid()}\n")
    await run_boot(host)
    await loop.create_future()


async def run_command(host: HostDirectory, process: "asyncssh.SSHServerProcess[bytes]") -> None:
    """Run the client's command with its streams, and send its exit status or signal."""
    if process.command is None or process.subsystem is not None:
        process.stderr.write(b"this host runs commands only\n")
        process.exit(NOT_EXECUTED)
        return
    child = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        process.command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=host.root,
        env=environment(host),
        start_new_session=True,
    )
    assert child.stdin and child.stdout and child.stderr  # noqa: S101 - they are pipes
    feeding = asyncio.create_task(feed(process, child.stdin))
    await asyncio.gather(forward(child.stdout, process.stdout), forward(child.stderr, process.stderr))
    status = await child.wait()
    feeding.cancel()
    if process.is_closing():
        return
    if status < 0:
        process.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
    else:
        process.exit(status)


async def feed(process: "asyncssh.SSHServerProcess[bytes]", stdin: asyncio.StreamWriter) -> None:
    """Copy the client's input to the command until either ends."""
    try:
        while chunk := await process.stdin.read(CHUNK):
            stdin.write(chunk)
            await stdin.drain()
    except (asyncssh.Error, asyncssh.SignalReceived, asyncssh.BreakReceived, OSError):
        return
    finally:
        stdin.close()


async def forward(output: asyncio.StreamReader, writer: "asyncssh.SSHWriter[bytes]") -> None:
    """Copy the command's output to the client; discard it once the client is gone, so that the command can end."""
    connected = True
    while chunk := await output.read(CHUNK):
        try:
            if connected:
                writer.write(chunk)
                await writer.drain()
        except (asyncssh.Error, OSError):
            connected = False


async def run_boot(host: HostDirectory) -> None:
    """Run the boot executables in the order of their names, then write their exit statuses to `booted_file`."""
    results = [
        f"{path.name} {await run_boot_file(host, path)}"
        for path in sorted(host.boot.iterdir())
        if path.is_file() and os.access(path, os.X_OK)
    ]
    write_private(host.booted_file, "".join(f"{line}\n" for line in results))


async def run_boot_file(host: HostDirectory, path: Path) -> int:
    """Run a boot executable with its output to the server's log; return its exit status, 124 after BOOT_TIMEOUT."""
    child = await asyncio.create_subprocess_exec(
        "timeout",
        str(BOOT_TIMEOUT),
        str(path),
        stdin=subprocess.DEVNULL,
        cwd=host.root,
        env=environment(host),
        start_new_session=True,
    )
    return await child.wait()
