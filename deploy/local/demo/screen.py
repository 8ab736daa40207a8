"""Shows the steps of the demonstration's operations while they run, and tables at the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from deploy.local.demo.client import Operation, Step

MARKS = {"SUCCEEDED": ("✔", "green"), "ERROR": ("✘", "red"), "RUNNING": ("…", "yellow"), "WAITING": ("…", "yellow")}
console = Console()


@contextmanager
def following(title: str) -> Iterator[Callable[[Operation], None]]:
    """Yield a function that shows an operation's steps; on a terminal it redraws them, else it prints ended ones."""
    if not console.is_terminal:
        yield _plain(title)
        return
    with Live(Text(f"● {title}", style="bold"), console=console, refresh_per_second=8) as live:
        yield lambda operation: live.update(_timeline(title, operation))


def _timeline(title: str, operation: Operation) -> Group:
    head = Text(f"● {title}  ", style="bold").append(
        f"{operation.state}  {seconds(operation.created, operation.ended):.1f} s", "dim"
    )
    rows = Table.grid(padding=(0, 2))
    for step in operation.steps:
        mark, style = MARKS[step.state]
        rows.add_row(f"   [{style}]{mark}[/]", step.name, _spent(step), _progress(operation, step))
    return Group(head, rows)


def _plain(title: str) -> Callable[[Operation], None]:
    shown: set[str] = set()
    console.print(f"● {title}", style="bold")

    def show(operation: Operation) -> None:
        for step in operation.steps:
            if step.ended is not None and step.name not in shown:
                shown.add(step.name)
                console.print(f"   {MARKS[step.state][0]} {step.name}  {_spent(step)}")

    return show


def _progress(operation: Operation, step: Step) -> str:
    if step.name != "job.run" or not operation.progress:
        return ""
    percent = operation.progress.get("percent")
    return f"{operation.progress.get('phase', '')} {'' if percent is None else f'{percent:.0f} %'}"


def _spent(step: Step) -> str:
    return f"{seconds(step.started, step.ended):.2f} s"


def seconds(start: datetime, end: datetime | None) -> float:
    """Return the seconds between two of the API's times, or until now if there is no end."""
    return max(0.0, ((end or datetime.now(UTC).replace(tzinfo=None)) - start).total_seconds())


def operations_table(operations: list[tuple[str, Operation]]) -> Table:
    """Return a table of operations with their steps and times."""
    table = Table(title="Operations", title_justify="left", show_lines=True)
    table.add_column("what", ratio=2)
    table.add_column("seconds", justify="right")
    table.add_column("steps and their seconds", ratio=4)
    for what, operation in operations:
        steps = " · ".join(f"{step.name} {seconds(step.started, step.ended):.2f}" for step in operation.steps)
        table.add_row(what, f"{seconds(operation.created, operation.ended):.1f}", steps)
    return table


def facts(title: str, lines: list[tuple[str, str]]) -> None:
    """Print names and values. Long values are not wrapped, so that they can be copied."""
    console.print(f"\n{title}", style="bold italic")
    width = max(len(name) for name, _value in lines)
    for name, value in lines:
        console.print(f"  {name:<{width}}  {value}", soft_wrap=True, highlight=False)
