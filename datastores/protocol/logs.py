"""Logs of an engine: how much there is to publish, and publishing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Optional

from datastores.protocol.codec import ProtocolError
from datastores.protocol.message import Work
from datastores.protocol.storage import Prefix


@dataclass(frozen=True)
class Position:
    """A place between two entries: a file, its first line's digest, an offset."""

    file: str
    head: str
    offset: int


@dataclass(frozen=True)
class Measure:
    """What lies behind a position: the bytes of the files, the end; `rotated`: the position's file is gone."""

    pending_bytes: int
    rotated: bool
    end: Optional[Position]


@dataclass(frozen=True)
class LogPosition:
    """A log and the position up to which it was published."""

    name: str
    position: Optional[Position] = None


@dataclass(frozen=True)
class LogMeasures:
    """What there is of each log asked for, in order."""

    logs: tuple[Measure, ...]


@dataclass(frozen=True)
class MeasureLogs(Work[LogMeasures]):
    """Measure logs."""

    logs: tuple[LogPosition, ...]


@dataclass(frozen=True)
class PublishedPart:
    """What one call published: up to where, bytes, objects; `finished`: nothing is left of what was asked for."""

    position: Optional[Position]
    published_bytes: int
    parts: int
    finished: bool


@dataclass(frozen=True)
class PublishLog(Work[PublishedPart]):
    """Publish a log from `position` (None: its beginning) to `until`, or the first megabytes of that.

    The objects' names come from `begun` (ISO time), when the publication began, and `parts`, how many it has made. The
    metafile beside them says `log_type`.
    """

    name: str
    log_type: str
    upload: Prefix
    position: Optional[Position]
    until: Position
    begun: str
    parts: int

    def __post_init__(self) -> None:
        try:
            datetime.fromisoformat(self.begun)
        except ValueError as error:
            raise ProtocolError(f"begun must be a time: {error}") from None
