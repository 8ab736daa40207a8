"""Shows the progress of an operation: a bar on a terminal, else a line for each ended task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from api_spec.client.operations import Operation, Task

WHOLE = 100.0
"""Percent."""


@contextmanager
def drawing() -> Iterator[Callable[[Operation], None]]:
    """Yield a function that shows the progress of an operation's state."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(console).show
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[share]}"),
        TextColumn("{task.fields[bytes]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    ) as bar:
        yield _Bar(bar).show


class _Bar:
    """A bar with the running task or its phase; it pulses while the percentage is unknown."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._id: TaskID | None = None
        self._phase = ""

    def show(self, operation: Operation) -> None:
        progress, task = operation.progress, operation.running_task
        phase = (progress.phase if progress and operation.active else None) or (task.name if task else operation.state)
        percent = progress.percent if progress and operation.active else None
        if self._id is None or phase != self._phase:
            if self._id is not None:
                self._bar.remove_task(self._id)
            self._phase = phase
            self._id = self._bar.add_task(f"{operation.type}: {phase}", total=None, share="", bytes="")
        self._bar.update(
            self._id,
            total=None if percent is None else WHOLE,
            completed=percent or 0.0,
            share="" if percent is None else f"{percent:.0f} %",
            bytes=decimal(progress.bytes) if progress and progress.bytes else "",
        )


class _Lines:
    """Prints a line for each task that has ended."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: set[str] = set()

    def show(self, operation: Operation) -> None:
        for task in operation.tasks:
            if task.ended is not None and task.state != "WAITING" and task.name not in self._shown:
                self._shown.add(task.name)
                self._console.print(_line(operation, task), highlight=False, soft_wrap=True)


def _line(operation: Operation, task: Task) -> str:
    return f"{operation.type}: {task.name} {task.state.lower()}, {task.seconds:.2f} s"
