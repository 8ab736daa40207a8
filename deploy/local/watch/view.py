"""What the live view shows at one moment."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from deploy.local.status import UnitStatus


@dataclass(frozen=True)
class ServiceView:
    """A service, or another unit that is not done."""

    unit: UnitStatus
    address: str
    answers: bool
    """Whether it is active and, with a port, answers HTTP."""
    usage: "Usage"


@dataclass(frozen=True)
class Usage:
    """What some processes use."""

    processes: int = 0
    cpu_percent: float = 0.0
    """Of one core, since the last look."""
    memory_mb: float = 0.0
    """MiB; pages that processes share count once (PSS)."""


@dataclass(frozen=True)
class OperationView:
    """An operation that has not ended."""

    type: str
    of: str
    """Name of the instance or backup."""
    state: str
    step: str
    """The step that runs or ran last; empty before the first."""
    phase: str
    """The phase of the host's job; empty without one."""
    percent: float | None
    created: datetime


@dataclass(frozen=True)
class HostView:
    """A host and what uses it."""

    name: str
    """Of its directory."""
    address: str
    instance: str
    status: str
    """Of the instance, with its operating status."""
    cpus: int
    memory_mb: int
    usage: Usage


@dataclass(frozen=True)
class RatesView:
    """Rates; None where they cannot be told, or not yet."""

    operations_a_minute: float | None = None
    operations_last_hour: int | None = None
    requests_a_second: float | None = None


@dataclass(frozen=True)
class View:
    """The cloud at one moment."""

    path: Path
    at: datetime
    """UTC, as the state has its times."""
    running: bool
    ready: bool
    services: list[ServiceView] = field(default_factory=list)
    operations: list[OperationView] = field(default_factory=list)
    hosts: list[HostView] = field(default_factory=list)
    rates: RatesView = RatesView()
    problem: str = ""
    """Why operations or rates cannot be told."""
