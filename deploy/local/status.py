"""The supervisor's status: one small JSON file, replaced atomically at every change."""

import enum
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


class Phase(enum.StrEnum):
    """The phase of a unit: a service becomes READY, a one-shot unit DONE."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    STOPPED = "stopped"


@dataclass
class UnitStatus:
    """The status of one unit."""

    name: str
    service: bool
    """Whether the unit is a service, which keeps running; a one-shot unit ends."""
    phase: Phase = Phase.WAITING
    pid: int | None = None
    seconds: float | None = None
    """Seconds that the last start took."""
    failures: int = 0
    """Unexpected ends in a row."""
    error: str = ""

    @property
    def active(self) -> bool:
        """Whether the service is ready, or the one-shot unit done."""
        return self.phase in {Phase.READY, Phase.DONE}


@dataclass
class Status:
    """The status of the whole cloud."""

    supervisor: int
    units: list[UnitStatus] = field(default_factory=list)
    answers: int = 0
    """Number of SIGHUPs that the supervisor has answered."""

    @property
    def ready(self) -> bool:
        """Whether all units are active."""
        return bool(self.units) and all(unit.active for unit in self.units)

    def unit(self, name: str) -> UnitStatus:
        """Return the unit of a name.

        Raises:
            KeyError: there is no unit of this name.
        """
        for unit in self.units:
            if unit.name == name:
                return unit
        raise KeyError(name)


def path(run: Path) -> Path:
    """Return the status file of a run directory."""
    return run / "status.json"


def write(run: Path, status: Status) -> None:
    """Replace the status file."""
    partial = path(run).with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(asdict(status)))
    partial.replace(path(run))


def read(run: Path) -> Status | None:
    """Return the last status written, or None."""
    try:
        content: dict[str, Any] = json.loads(path(run).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    units = [UnitStatus(**{**unit, "phase": Phase(unit["phase"])}) for unit in content["units"]]
    return Status(supervisor=content["supervisor"], units=units, answers=content.get("answers", 0))
