"""The process's SSH connections, on one event loop in its own thread. A connection is reused while its certificate is
valid.

    StepFailed
    ├── HostKeyRejected   the answering server has no certificate of the authority for that host
    ├── HostDenied        the host refused the user certificate
    └── OutputTooLarge    a command wrote more than `command_output_bytes`
    Unavailable
    ├── HostUnreachable   the connection failed or was lost; a command may have run
    └── CommandTimedOut   the command exceeded its time limit and was ended

Everything here but `on_loop` runs on that loop, so nothing needs a lock.
"""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from functions.base.errors import StepFailed, Unavailable
from functions.base.settings import get_settings
from functions.hostlink.ssh_ca import UserCredential

if TYPE_CHECKING:
    from asyncssh import SSHClientConnection

T = TypeVar("T")

FASTEST_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com")
"""Ciphers that a connection offers, the fastest first."""


class HostUnreachable(Unavailable):
    """The host does not answer, or the connection was lost."""


class CommandTimedOut(Unavailable):
    """The command exceeded its time limit and was ended."""


class HostKeyRejected(StepFailed):
    """The answering server has no certificate that names the host."""


class HostDenied(StepFailed):
    """The host refused the user certificate."""


class OutputTooLarge(StepFailed):
    """The command wrote more than `command_output_bytes`."""


class HostAddress(BaseModel):
    """The SSH address of a host."""

    model_config = ConfigDict(frozen=True)

    host_id: str
    address: str
    port: int
    username: str

    def __str__(self) -> str:
        return f"host {self.host_id} at {self.address} port {self.port}"


class _Key(NamedTuple):
    """The key of a connection, which the calls of one operation to one host share."""

    host: HostAddress
    operation_id: str
    host_ca_public: str


@dataclass(eq=False)
class _Entry:
    opening: "asyncio.Task[SSHClientConnection]"
    valid_before: int
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(get_settings().ssh_sessions))
    users: int = 0
    retired: bool = False

    def usable(self) -> bool:
        if self.retired or time.time() >= self.valid_before:
            return False
        return not self.opening.done() or (self.opened() and not self.opening.result().is_closed())

    def opened(self) -> bool:
        return self.opening.done() and not self.opening.cancelled() and self.opening.exception() is None


class Connections:
    """Connections by host and operation. Use an object on one event loop only."""

    def __init__(self) -> None:
        self._entries: dict[_Key, _Entry] = {}

    @asynccontextmanager
    async def lease(self, host: HostAddress, credential: UserCredential) -> "AsyncIterator[SSHClientConnection]":
        """Lend a connection for one command; an error in the block closes the connection.

        Raises:
            HostUnreachable, HostKeyRejected, HostDenied.
        """
        key = _Key(host, credential.operation_id, credential.host_ca_public)
        entry = self._entry(key, credential)
        entry.users += 1
        try:
            async with entry.slots:
                yield await asyncio.shield(entry.opening)
        except BaseException:
            self._retire(key, entry)
            raise
        finally:
            entry.users -= 1
            self._close_if_done(entry)

    def _entry(self, key: _Key, credential: UserCredential) -> _Entry:
        entry = self._entries.pop(key, None)
        if entry and not entry.usable():
            self._retire(key, entry)
            entry = None
        if not entry:
            self._make_room()
            entry = _Entry(asyncio.create_task(_open(key.host, credential)), credential.valid_before)
            lifetime = max(0.0, credential.valid_before - time.time())
            asyncio.get_running_loop().call_later(lifetime, self._retire, key, entry)
        self._entries[key] = entry
        return entry

    def _make_room(self) -> None:
        idle = [(key, entry) for key, entry in self._entries.items() if not entry.users]
        for key, entry in idle[: max(0, len(self._entries) + 1 - get_settings().ssh_connections)]:
            self._retire(key, entry)

    def _retire(self, key: _Key, entry: _Entry) -> None:
        """Lend the connection no more, and close it when its last command ends."""
        entry.retired = True
        if self._entries.get(key) is entry:
            del self._entries[key]
        self._close_if_done(entry)

    @staticmethod
    def _close_if_done(entry: _Entry) -> None:
        if not entry.retired or entry.users:
            return
        if not entry.opening.done():
            entry.opening.cancel()
        elif entry.opened():
            entry.opening.result().close()


async def _open(host: HostAddress, credential: UserCredential) -> "SSHClientConnection":
    """Connect to a host; both sides authenticate by certificate.

    Raises:
        HostUnreachable, HostKeyRejected, HostDenied.
    """
    import asyncssh

    settings = get_settings()
    trusted = asyncssh.import_known_hosts(f"@cert-authority {host.host_id} {credential.host_ca_public}\n")
    key = asyncssh.import_private_key(credential.private_key.get_secret_value())
    certificate = asyncssh.import_certificate(credential.certificate)
    try:
        return await asyncssh.connect(
            host.address,
            host.port,
            username=host.username,
            client_keys=[(key, certificate)],
            known_hosts=trusted,
            host_key_alias=host.host_id,
            preferred_auth="publickey",
            encryption_algs=FASTEST_CIPHERS,
            connect_timeout=settings.ssh_connect_seconds,
            login_timeout=settings.ssh_connect_seconds,
            keepalive_interval=settings.ssh_keepalive_seconds,
            agent_path=None,
            config=None,
        )
    except asyncssh.HostKeyNotVerifiable as error:
        raise HostKeyRejected(
            f"{host} did not prove its identity ({error.reason}): "
            "its address may have been taken over, or its certificate has expired"
        ) from error
    except asyncssh.PermissionDenied as error:
        raise HostDenied(
            f"{host} refused the certificate of operation {credential.operation_id}: "
            "check the host's clock and the user authority it trusts"
        ) from error
    except (asyncssh.Error, OSError, TimeoutError) as error:
        raise HostUnreachable(f"{host} does not answer: {error or type(error).__name__}") from error


class _Loop(NamedTuple):
    pid: int
    loop: asyncio.AbstractEventLoop
    connections: Connections


_lock = threading.Lock()
_current: list[_Loop] = []


def _this_process() -> _Loop:
    """Return the process's loop; start it at the first call, and again in a forked child."""
    with _lock:
        if not _current or _current[0].pid != os.getpid():
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="ssh", daemon=True).start()
            _current[:] = [_Loop(os.getpid(), loop, Connections())]
        return _current[0]


def connections() -> Connections:
    """Return the process's connections, for use inside `on_loop`."""
    return _this_process().connections


def on_loop(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine on the process's SSH loop and return its result. Call from any thread but the loop's own."""
    return asyncio.run_coroutine_threadsafe(work, _this_process().loop).result()
