"""The SSH server of one local host.

It stands for the sshd of real hosts (deploy/heat/substrates/nova_host.yaml has its configuration): certificates of
the user authority only, one user name, the host's own principal, no terminal, no forwarding, no file transfer;
commands only, each in a session of its own, which goes on when its connection ends. SIGHUP makes it read the host key
again.
"""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import asyncssh

from deploy.local.hosts.layout import SSH_PORT, USERNAME, HostDirectory, environment, write_private

CHUNK = 65_536
LOGIN_TIMEOUT = 20
KEEPALIVE_INTERVAL = 30
BOOT_TIMEOUT = 60
"""Seconds that one boot executable may take."""
NOT_EXECUTED = 127
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com")


class Gate(asyncssh.SSHServer):
    """Lets in who has a certificate for this host, under the one user name."""

    def __init__(self, authorized: asyncssh.SSHAuthorizedKeys) -> None:
        self._authorized = authorized
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Keep the connection, to tell it which keys are good."""
        self._connection = conn

    def begin_auth(self, username: str) -> bool:
        """Authentication is always needed; another user name finds no key that is good."""
        if username == USERNAME and self._connection:
            self._connection.set_authorized_keys(self._authorized)
        return True


def authorized_keys(host: HostDirectory) -> asyncssh.SSHAuthorizedKeys:
    """The user authority, for certificates that name this host."""
    principal = f"trove-op:{host.facts().host_id}"
    return asyncssh.import_authorized_keys(f'cert-authority,principals="{principal}" {host.user_ca.read_text()}')


def host_keys(host: HostDirectory) -> list[tuple[str, str]]:
    """The host's key with its certificate, as asyncssh takes them."""
    return [(str(host.host_key), str(host.host_certificate))]


async def serve(host: HostDirectory) -> None:
    """Listen on the host's address, boot the host, serve until ended."""

    async def command(process: "asyncssh.SSHServerProcess[bytes]") -> None:
        await run_command(host, process)

    loop = asyncio.get_running_loop()
    server = await asyncssh.listen(
        host.facts().address,
        SSH_PORT,
        server_factory=lambda: Gate(authorized_keys(host)),
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
    """Run the client's command with its streams, and report how it ended."""
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
    """Client to command, until either ends."""
    try:
        while chunk := await process.stdin.read(CHUNK):
            stdin.write(chunk)
            await stdin.drain()
    except (asyncssh.Error, asyncssh.SignalReceived, asyncssh.BreakReceived, OSError):
        return
    finally:
        stdin.close()


async def forward(output: asyncio.StreamReader, writer: "asyncssh.SSHWriter[bytes]") -> None:
    """Command to client; what a client that is gone will not read is dropped, so that the command can end."""
    listening = True
    while chunk := await output.read(CHUNK):
        try:
            if listening:
                writer.write(chunk)
                await writer.drain()
        except (asyncssh.Error, OSError):
            listening = False


async def run_boot(host: HostDirectory) -> None:
    """Run the boot executables in the order of their names, then say that the host is booted."""
    results = [
        f"{path.name} {await run_boot_file(host, path)}"
        for path in sorted(host.boot.iterdir())
        if path.is_file() and os.access(path, os.X_OK)
    ]
    write_private(host.booted_file, "".join(f"{line}\n" for line in results))


async def run_boot_file(host: HostDirectory, path: Path) -> int:
    """Run one boot executable; its output goes to the server's log. Returns its exit status, 124 when it took too
    long."""
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
