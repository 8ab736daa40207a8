"""Operations: their tasks, progress, events and outcome."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from api_spec.client.errors import OperationFailed, WaitedTooLong
from api_spec.client.rest import Item

if TYPE_CHECKING:
    from api_spec.client.rest import Rest

Filter = Literal["instance_id", "backup_id", "type", "state", "request_id"]
ACTIVE = frozenset({"QUEUED", "RUNNING"})
SUCCEEDED = "SUCCEEDED"
POLL_SECONDS = 0.5
"""Seconds between two requests while waiting for an operation."""
WAIT_SECONDS = 86_400.0
"""Seconds to wait for an operation by default: the longest time limit of any operation."""


@dataclass(frozen=True)
class Progress:
    """The progress of the running job: its phase, the bytes moved, and the percentage if it is known."""

    phase: str | None = None
    bytes: int | None = None
    percent: float | None = None


@dataclass(frozen=True)
class Task:
    """A task of an operation's timeline; times are UTC."""

    name: str
    state: str
    started: datetime
    ended: datetime | None
    attempts: int
    error: str | None

    @property
    def seconds(self) -> float:
        """Seconds from the first start to the end, or until now."""
        return _seconds(self.started, self.ended)


@dataclass(frozen=True)
class Event:
    """An audit event of an operation; `at` is UTC."""

    event: str
    at: datetime
    user_id: str
    request_id: str
    state: str
    detail: str | None


@dataclass(frozen=True)
class Operation:
    """An operation; times are UTC. Lists leave `tasks` and `events` empty."""

    id: str
    type: str
    state: str
    instance_id: str | None
    backup_id: str | None
    user_id: str
    created: datetime
    started: datetime | None
    ended: datetime | None
    deadline: datetime
    error: str | None
    failed_step: str | None
    progress: Progress | None
    tasks: list[Task] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def active(self) -> bool:
        """Whether the operation has not ended."""
        return self.state in ACTIVE

    @property
    def seconds(self) -> float:
        """Seconds from acceptance to the end, or until now."""
        return _seconds(self.created, self.ended)

    @property
    def running_task(self) -> Task | None:
        """The task that is running or waiting, None if there is none."""
        return next((task for task in reversed(self.tasks) if task.ended is None or task.state == "WAITING"), None)


class Operations:
    """The project's operations."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def list(self, limit: int | None = None, marker: str | None = None, **filters: str | None) -> list[Operation]:
        """List operations, newest first. `filters`: values by the names in `Filter`. Raises ServerTooOld, Refused."""
        found = self._rest.items("operations.list", "operations", limit, {**filters, "marker": marker})
        return [_operation(item) for item in found]

    def show(self, operation_id: str) -> Operation:
        """Return an operation with its tasks and events. Raises ServerTooOld, Refused."""
        return _operation(self._rest.call("operations.show", operation_id=operation_id)["operation"])

    def newest(self, **filters: str) -> Operation | None:
        """Return the newest operation that matches the filters, or None. Raises ServerTooOld, Refused."""
        found = self.list(1, **filters)
        return found[0] if found else None

    def current(self, instance_id: str) -> Operation | None:
        """Return the instance's newest operation that has not ended; without one, the newest that has.

        Raises ServerTooOld, Refused.
        """
        active = [self.newest(instance_id=instance_id, state=state) for state in sorted(ACTIVE)]
        under_way = [operation for operation in active if operation]
        return max(under_way, key=lambda each: each.created, default=None) or self.newest(instance_id=instance_id)

    def wait(
        self,
        operation_id: str,
        seconds: float = WAIT_SECONDS,
        report: Callable[[Operation], None] = lambda _operation: None,
    ) -> Operation:
        """Wait up to `seconds` for the operation to end; call `report` with each state, also the last one.

        Raises:
            OperationFailed: the operation ended, but not in SUCCEEDED.
            WaitedTooLong: the operation has not ended.
            ServerTooOld, Refused.
        """
        give_up = time.monotonic() + seconds
        while True:
            operation = self.show(operation_id)
            report(operation)
            if not operation.active:
                return _succeeded(operation)
            if time.monotonic() >= give_up:
                raise WaitedTooLong(
                    f"{operation.type} {operation.id} is {operation.state} after {seconds:.0f} s; it goes on:"
                    f" openstack database operation wait {operation.id}"
                )
            time.sleep(POLL_SECONDS)


def _succeeded(operation: Operation) -> Operation:
    if operation.state == SUCCEEDED:
        return operation
    where = f" at {operation.failed_step}" if operation.failed_step else ""
    raise OperationFailed(f"{operation.type} {operation.id} ended as {operation.state}{where}: {operation.error}")


def _operation(item: Item) -> Operation:
    error, progress = item["error"] or {}, item["progress"]
    return Operation(
        id=item["id"],
        type=item["type"],
        state=item["state"],
        instance_id=item["instance_id"],
        backup_id=item["backup_id"],
        user_id=item["user_id"],
        created=_time(item["created"]),
        started=_optional_time(item["started"]),
        ended=_optional_time(item["ended"]),
        deadline=_time(item["deadline"]),
        error=error.get("message"),
        failed_step=error.get("step"),
        progress=Progress(progress["phase"], progress["bytes"], progress["percent"]) if progress else None,
        tasks=[_task(task) for task in item.get("steps", [])],
        events=[_event(event) for event in item.get("events", [])],
    )


def _task(item: Item) -> Task:
    started, ended = _time(item["started"]), _optional_time(item["ended"])
    return Task(item["name"], item["state"], started, ended, item["attempts"], item["error"])


def _event(item: Item) -> Event:
    at = _time(item["at"])
    return Event(item["event"], at, item["user_id"], item["request_id"], item["state"], item["detail"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _optional_time(text: str | None) -> datetime | None:
    return _time(text) if text else None


def _seconds(start: datetime, end: datetime | None) -> float:
    return max(0.0, ((end or datetime.now(UTC)) - start).total_seconds())
