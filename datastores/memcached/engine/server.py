"""The server. It has no users and no data that outlives it: who reaches it may use it."""

from __future__ import annotations

import json
import shlex

from datastores.host import files, last_words
from datastores.host.errors import EngineError
from datastores.host.last_words import LastWords
from datastores.host.roles import server
from datastores.memcached.engine import options, tls
from datastores.memcached.engine.node import NAME, TITLE, Node
from datastores.protocol.engine import EngineStatus, Settings


class Server(server.Server):
    """One Memcached server."""

    node: Node

    def install(self) -> None:
        self.node.require_programs(TITLE, [NAME])

    def initialize(self) -> None:
        self.node.directory.mkdir(mode=0o700, exist_ok=True)
        self.node.facts.chown(self.node.directory)

    def configure(self, settings: Settings) -> None:
        options.options(settings)
        self.node.write(self.node.settings_file.path, json.dumps(settings, sort_keys=True))

    def start(self) -> None:
        """Start unless it runs. The server writes its pid file when it accepts connections; the daemon's own is there
        before."""
        node = self.node
        accepting = node.directory / "accepting.pid"
        settings = files.read_json(node.settings_file.path) or {}
        network = options.network(node.facts, (node.port, node.plain_port), tls=_has_tls(node))
        command = options.command(node.program, settings, *network, f"--pidfile={accepting}")
        path = shlex.quote(str(accepting))
        node.daemon.register(command, f"[ -s {path} ]", f"rm -f {path}")
        if node.daemon.runs():
            return
        since = last_words.sizes([node.log])
        try:
            node.daemon.start()
        except EngineError as error:
            raise LastWords(NAME).failure(since) from error
        node.settings_file.keep()

    def stop(self) -> None:
        self.node.daemon.stop()

    def status(self) -> EngineStatus:
        if not self.running():
            return EngineStatus(running=False)
        words = self.node.programs.run([self.node.program, "--version"]).split()
        return EngineStatus(running=True, version=words[1] if len(words) > 1 else None)

    def running(self) -> bool:
        return self.node.daemon.runs()


def _has_tls(node: Node) -> bool:
    """Whether this host has a certificate for the server and a build that can use it."""
    return node.facts.has_certificate and tls.ENABLE in node.programs.run([node.program, "--help"])
