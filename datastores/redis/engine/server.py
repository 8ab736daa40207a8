"""The server: set up, started and stopped."""

from __future__ import annotations

import re
import shlex
import time

from datastores.host import last_words, membership
from datastores.host.errors import EngineError
from datastores.host.last_words import LastWords
from datastores.host.roles import server
from datastores.protocol.engine import EngineStatus, Settings
from datastores.redis.engine import config, group, users
from datastores.redis.engine.client import ConnectionsTaken, Refused
from datastores.redis.engine.node import Node

_POLL_SECONDS = 0.02
_READY = "Ready to accept connections"
_WORRY = re.compile(r"^(?:\d+:[A-Z] .{20,30} # |[^\d\s])")
"""A warning, or what is no log entry: the complaint about a configuration."""
_SAID_BY_EVERY_START = ("WARNING", "Configuration loaded", "oO0OoO0OoO0Oo")


class Server(server.Server):
    """One server; administration goes through its socket."""

    node: Node

    def install(self) -> None:
        self.node.require_programs(self.node.product.title, [self.node.product.program])

    def initialize(self) -> None:
        """Make an empty directory: the server makes its files when it starts."""
        self.node.facts.make_empty(self.node.staging)
        self.node.commit_staging()

    def configure(self, settings: Settings) -> None:
        users.prepare(self.node)
        config.write_group(self.node)
        self.node.write(self.node.settings_file.path, config.text(self.node, settings))

    def start(self) -> None:
        """Start unless it runs, and wait until it has loaded its data."""
        node = self.node
        ready = f"tail -c +$((said + 1)) {shlex.quote(str(node.log))} 2>/dev/null | grep -q {shlex.quote(_READY)}"
        node.daemon.register([node.program, node.settings_file.path], ready, _clean(node))
        if not self.running():
            membership.permit(node.facts)
            last_words.rotate(node.log)  # the server opens it for each entry
            since = last_words.sizes([node.log])
            try:
                node.daemon.start()
            except EngineError as error:
                raise LastWords(node.product.title, _WORRY, _SAID_BY_EVERY_START).failure(since) from error
        while _loads(node):
            time.sleep(_POLL_SECONDS)
        node.settings_file.keep()

    def stop(self) -> None:
        """Stop. A server that does not end is killed: what it acknowledged is in its append-only file."""
        self.node.daemon.stop()

    def status(self) -> EngineStatus:
        if not self.running():
            return EngineStatus(running=False)
        try:
            with self.node.admin() as client:
                about = client.info("server")
        except ConnectionsTaken as taken:
            return EngineStatus(running=True, problem=str(taken))
        return EngineStatus(running=True, version=about.get(self.node.product.version_field))

    def running(self) -> bool:
        return self.node.daemon.runs()


def _clean(node: Node) -> str:
    """Shell text before each start: what a killed server left goes, and a guarded primary follows nobody."""
    guard, nobody = shlex.quote(str(node.guard_conf)), " ".join(group.NOBODY)
    held_back = membership.unless_permitted(node.facts, f"echo 'replicaof {nobody}' >{guard}")
    return f"""rm -f temp-*
: >{guard}
{held_back}"""


def _loads(node: Node) -> bool:
    """Whether it reads its data yet. Raises EngineError when it does not answer.

    One whose connections are all taken counts as serving, for nobody could be told otherwise.
    """
    try:
        with node.admin() as client:
            client.command("PING")
    except ConnectionsTaken:
        return False
    except Refused as refused:
        if refused.kind != "LOADING":
            raise
        return True
    return False
