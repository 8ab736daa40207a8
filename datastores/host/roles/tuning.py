"""The role `tuning`: settings change while the database runs, and a start goes back to those that worked."""

from __future__ import annotations

from abc import abstractmethod

from datastores.host.roles.role import Role
from datastores.host.settings import SettingsFile
from datastores.protocol.engine import Settings


class Tuning(Role):
    """Changes of settings."""

    capability = "configuration"

    @property
    @abstractmethod
    def settings_file(self) -> SettingsFile:
        """The file from which the next start takes the settings."""

    @abstractmethod
    def reconfigure(self, settings: Settings) -> None:
        """Make these the settings, at once where the database can without a restart.

        Raises EngineError when the database refuses one; then all are as they were.
        """

    @abstractmethod
    def restart_required(self) -> bool:
        """Return whether the database runs and settings wait for its next start."""
