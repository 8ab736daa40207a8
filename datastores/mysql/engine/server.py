"""The server: set up, started and stopped."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shlex
import signal
import time

from datastores.host import files, membership, service
from datastores.host.errors import BadRequest, EngineError, NotRunning, ProgramFailed
from datastores.host.last_words import LastWords, sizes
from datastores.host.roles import server
from datastores.mysql.engine import client_certificates, config, restore, tuning, upgrade
from datastores.mysql.engine.family import Product
from datastores.mysql.engine.node import Node
from datastores.protocol.engine import EngineStatus, Settings

_STOP_SECONDS = 600.0  # a large pool of changed pages takes its time
_POLL_SECONDS = 0.05
_TOLD = re.compile(r"\[ERROR\]|\[FATAL\]|\[System\].*error|rror while loading")
_NO_SPACE = re.compile(rf"error {errno.ENOSPC}\b|out of disk space|No space left")
_SAID_BY_EVERY_FAILURE = ("Aborting", "] Plugin '", "Unknown/unsupported storage engine")


class Server(server.Server):
    """One server; administration goes through its socket as the OS user that runs it."""

    node: Node

    def install(self) -> None:
        node, product = self.node, self.node.product
        programs = (product.server, product.client, product.backup, product.unpack, *product.others)
        node.require_programs(product.label, programs)
        said = node.programs.run([node.bin / product.server, "--no-defaults", "--version"])
        if not re.search(rf"Ver {re.escape(node.version.number)}\.", said):
            raise BadRequest(f"the host has another version than {product.label} {node.version.name}: {said.strip()}")

    def initialize(self) -> None:
        """Make empty data without test databases."""
        node = self.node
        files.remove_tree(node.staging)
        try:
            node.programs.run(node.product.make_data(node, node.staging))
        except ProgramFailed as error:
            raise last_words(node.product).error("made no data", str(error)) from error
        restore.identify(node)
        node.commit_staging()

    def configure(self, settings: Settings) -> None:
        config.write(self.node, settings)

    def start(self) -> None:
        """Start unless it runs, with the certificate that is there now, and wait until it answers."""
        node, settings = self.node, self.node.kept("current")
        if settings is not None and not self.running():
            config.write(node, settings)
        _start(node)
        tuning.recognize(node)
        upgrade.upgrade(node)
        client_certificates.align(node)

    def stop(self) -> None:
        """Stop, ending the sessions."""
        node = self.node
        service.unregister(node.facts, node.name)
        pid = node.pid()
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        limit = time.monotonic() + _STOP_SECONDS
        while self.running():
            if time.monotonic() > limit:
                raise EngineError(f"{node.product.label} did not stop within {_STOP_SECONDS:g} s")
            time.sleep(_POLL_SECONDS)

    def status(self) -> EngineStatus:
        """Not running, too, while it recovers from a crash: it lets nobody in."""
        try:
            return EngineStatus(running=True, version=self.node.sql("SELECT VERSION();\n").partition("-")[0])
        except NotRunning:
            return EngineStatus(running=False)
        except EngineError as error:  # it lets nobody in now, and says so: it runs
            return EngineStatus(running=True, problem=str(error))

    def running(self) -> bool:
        return self.node.pid() is not None


def last_words(product: Product) -> LastWords:
    """How a server of a product says why it does not start."""
    return LastWords(product.label, _TOLD, _SAID_BY_EVERY_FAILURE, _NO_SPACE)


def _start(node: Node) -> None:
    service.register(node.programs, node.name, _script(node))
    start_log, error_log = node.facts.log / "start.log", node.facts.log / "error.log"
    since = {start_log: 0, **sizes([error_log])}
    if node.pid() is None:
        membership.permit(node.facts)
        try:
            service.start(node.facts, node.name)
        except EngineError as error:
            raise last_words(node.product).failure(since) from error
    while not _answers(node):
        if node.pid() is None:
            raise last_words(node.product).failure(since)
        time.sleep(_POLL_SECONDS)


def _answers(node: Node) -> bool:
    try:
        node.sql("DO 0;\n")
    except NotRunning:
        return False
    return True


def _script(node: Node) -> str:
    """Shell text that starts the server, unless it runs, and waits until it answers or ends.

    The server writes its pid file only after crash recovery, so the script does it first. The orphans of a killed
    server must not meet a new one. The pid file of one that ends before it answers goes.
    """
    names = (
        node.bin / node.product.server, node.bin / node.product.client, node.option_file, node.data.resolve(),
        node.pid_file, node.socket, node.facts.log / "start.log",
    )  # fmt: skip
    program, client, options, data, pid_file, socket, log = (shlex.quote(str(name)) for name in names)
    return f"""\
number=$(cat {pid_file} 2>/dev/null || :)
if [ -z "$number" ] || [ "$(readlink "/proc/$number/cwd")" != {data} ]; then
{service.await_orphans(node.data)}
    rm -f {pid_file} {socket}
    cd {data}
    guard=
    {membership.unless_permitted(node.facts, "guard='--read-only=1 --event-scheduler=OFF'")}
    setsid {program} --defaults-file={options} $guard </dev/null >{log} 2>&1 &
    number=$!
    echo $number >{pid_file}
fi
while [ -e "/proc/$number/exe" ]; do
    if {client} --defaults-file={options} -e 'DO 0' >/dev/null 2>&1; then exit 0; fi
    sleep 0.05
done
rm -f {pid_file}
exit 1"""
