"""What the supervisor tells about itself: one small JSON file, replaced whole at every change."""

import enum
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


class Phase(enum.StrEnum):
    """Where a unit is in its life."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    STOPPED = "stopped"


@dataclass
class UnitStatus:
    """One service, or one step of the start."""

    name: str
    service: bool
    """A service runs on; a step ends."""
    phase: Phase = Phase.WAITING
    pid: int | None = None
    seconds: float | None = None
    """How long the last start took."""
    failures: int = 0
    """Ends in a row that were not asked for."""
    error: str = ""

    @property
    def settled(self) -> bool:
        """Whether it is where it should be."""
        return self.phase in {Phase.READY, Phase.DONE}


@dataclass
class Status:
    """The whole cloud."""

    supervisor: int
    units: list[UnitStatus] = field(default_factory=list)
    confirmed: int = 0
    """Raised whenever the supervisor is asked (SIGHUP) whether it lives."""

    @property
    def ready(self) -> bool:
        """Whether everything is where it should be."""
        return bool(self.units) and all(unit.settled for unit in self.units)

    def unit(self, name: str) -> UnitStatus:
        """One unit by name.

        Raises:
            KeyError: there is none of this name.
        """
        for unit in self.units:
            if unit.name == name:
                return unit
        raise KeyError(name)


def path(run: Path) -> Path:
    """The status file in a run directory."""
    return run / "status.json"


def write(run: Path, status: Status) -> None:
    """Replace the status file."""
    partial = path(run).with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(asdict(status)))
    partial.replace(path(run))


def read(run: Path) -> Status | None:
    """The last status written, or None."""
    try:
        content: dict[str, Any] = json.loads(path(run).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    units = [UnitStatus(**{**unit, "phase": Phase(unit["phase"])}) for unit in content["units"]]
    return Status(supervisor=content["supervisor"], units=units, confirmed=content.get("confirmed", 0))
