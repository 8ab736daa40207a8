"""A Memcached server on its host: its process, its settings and its log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datastores.host.daemon import Daemon
from datastores.host.node import Node as HostNode
from datastores.host.settings import SettingsFile

NAME = "memcached"
TITLE = "Memcached"


@dataclass(frozen=True)
class Node(HostNode):
    """The server."""

    @property
    def program(self) -> Path:
        """Its executable."""
        return self.bin / NAME

    @property
    def directory(self) -> Path:
        """The directory in which its process works; it keeps nothing there."""
        return self.facts.run / NAME

    @property
    def log(self) -> Path:
        """The file with what it says."""
        return self.facts.log / f"{NAME}.log"

    @property
    def daemon(self) -> Daemon:
        """The process."""
        return Daemon(self.programs, NAME, self.directory, self.log)

    @property
    def settings_file(self) -> SettingsFile:
        """The settings of the next start, in JSON."""
        return SettingsFile(self.facts, self.facts.conf / f"{NAME}.json")
