"""The role `conversion`: data of an earlier version is made this version's.

A datastore whose versions read what their earlier versions wrote does not need it.
"""

from __future__ import annotations

from abc import abstractmethod

from datastores.host.roles.role import Role


class Conversion(Role):
    """The conversion of data, for upgrades."""

    capability = "conversion"

    @abstractmethod
    def require_convertible(self) -> None:
        """Check, while the earlier version still runs, that nothing in the data keeps `convert` from its work.

        Raises EngineError naming what is in the way and what to do.
        """

    @abstractmethod
    def convert(self) -> None:
        """Make data of an earlier version, one of the datastore.yaml's `upgrades_from`, this version's; the database
        is stopped. Data that is this version's already stays.

        Where an upgrade failed before `converted`, the earlier version's own `convert` takes what is there and goes
        back.
        """

    @abstractmethod
    def converted(self) -> bool:
        """Return whether the data is this version's for good: an earlier one cannot take it back."""
