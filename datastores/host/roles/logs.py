"""The role `logs`: what the server writes about its work."""

from __future__ import annotations

from abc import abstractmethod

from datastores.host.logs import Log
from datastores.host.roles.role import Role


class Logs(Role):
    """The server's logs."""

    capability = "logs"

    @abstractmethod
    def logs(self) -> dict[str, Log]:
        """Return the logs that the datastore's datastore.yaml names, by their names."""
