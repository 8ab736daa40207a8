"""The role `server`, which every datastore plays: a database is installed, set up, started and stopped."""

from __future__ import annotations

from abc import abstractmethod

from datastores.host.roles.role import Role
from datastores.protocol.engine import EngineStatus, Settings


class Server(Role):
    """The database server."""

    capability = "server"

    @abstractmethod
    def install(self) -> None:
        """Check that the programs of this version are there. Raises BadRequest naming those that are missing."""

    @abstractmethod
    def initialize(self) -> None:
        """Make empty data in the node's `data`, where there is none yet."""

    @abstractmethod
    def configure(self, settings: Settings) -> None:
        """Write the configuration for this host; `settings` are the engine's parameters. Does not restart."""

    def limit_access(self, cidrs: list[str]) -> None:
        """Admit clients from these networks only (none: from everywhere): at once if the database runs, and in every
        `configure` from now on. A server that cannot tell networks apart leaves it to the substrate."""

    @abstractmethod
    def start(self) -> None:
        """Start unless it runs, wait until connections are accepted, and start again at every boot of the host.

        Raises EngineError with the server's last words.
        """

    @abstractmethod
    def stop(self) -> None:
        """Stop cleanly, also for the next boots, and wait for the end. Does nothing when it does not run."""

    @abstractmethod
    def status(self) -> EngineStatus:
        """Return whether the database runs, its exact version, and what keeps it from its work."""

    def running(self) -> bool:
        """Return whether the database runs."""
        return self.status().running

    def grown(self, settings: Settings) -> None:
        """Use a volume that has become larger; `settings` are those of `configure`. The database may run."""
