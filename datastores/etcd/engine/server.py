"""etcd: one server, a cluster of one member."""

from __future__ import annotations

import functools
import json

from datastores.etcd.engine import config, space
from datastores.etcd.engine.node import ROOT, TITLE, Node
from datastores.host import bootstrap, files, lifecycle
from datastores.host.roles import server
from datastores.protocol.engine import EngineStatus, Settings


class Server(server.Server):
    """One etcd server, administered through its socket."""

    node: Node

    def install(self) -> None:
        self.node.require_programs(TITLE, ("etcd", "etcdctl"))

    def initialize(self) -> None:
        """Make empty data in which only users with a password may do anything: a server that nobody else can reach gets
        its users' rules before the data gets its name."""
        node = self.node
        files.remove_tree(node.staging)
        conf = node.facts.conf / "etcd-making.json"
        node.write(conf, json.dumps(config.alone(node)))
        ask = functools.partial(node.request, "maintenance/status")
        with bootstrap.running(node.programs, [node.bin / "etcd", "--config-file", conf], node.daemon.directory, ask):
            node.request("auth/user/add", name=ROOT, options={"no_password": True})
            node.request("auth/role/add", name=ROOT)
            node.request("auth/user/grant", user=ROOT, role=ROOT)
            node.request("auth/enable")
        conf.unlink()
        node.commit_staging()

    def configure(self, settings: Settings) -> None:
        config.write(self.node, settings)

    def start(self) -> None:
        if not self.running():
            self.node.keep_mode()
        self.node.daemon.start()

    def stop(self) -> None:
        self.node.daemon.stop()

    def status(self) -> EngineStatus:
        if not self.running():
            return EngineStatus(running=False)
        status = self.node.request("maintenance/status")
        return EngineStatus(running=True, version=status["version"], problem=space.problem(status.get("errors", [])))

    def running(self) -> bool:
        return self.node.daemon.runs()

    def grown(self, settings: Settings) -> None:
        changed = config.write(self.node, settings)
        if not self.running():
            return
        if changed:
            lifecycle.restart(self.node.engine)
        space.make_room(self.node)
