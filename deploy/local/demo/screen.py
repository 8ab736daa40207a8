"""What the demonstration shows: operations step by step while they run, and tables at the end."""

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
    """Show an operation's steps live; each finished step is kept on the screen."""
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
    if step.name != "job.wait" or not operation.progress:
        return ""
    percent = operation.progress.get("percent")
    return f"{operation.progress.get('phase', '')} {'' if percent is None else f'{percent:.0f} %'}"


def _spent(step: Step) -> str:
    return f"{seconds(step.started, step.ended):.2f} s"


def seconds(start: datetime, end: datetime | None) -> float:
    """Seconds between two of the API's times; until now when there is no end."""
    return max(0.0, ((end or datetime.now(UTC).replace(tzinfo=None)) - start).total_seconds())


def operations_table(operations: list[tuple[str, Operation]]) -> Table:
    """Each operation with its steps and times."""
    table = Table(title="Operations", title_justify="left")
    for column in ("what", "operation", "took", "steps"):
        table.add_column(column, justify="right" if column == "took" else "left")
    for what, operation in operations:
        steps = "  ".join(f"{step.name} {_spent(step)}" for step in operation.steps)
        table.add_row(what, operation.type, f"{seconds(operation.created, operation.ended):.1f} s", steps)
    return table


def facts_table(title: str, facts: list[tuple[str, str]]) -> Table:
    """A table of two columns."""
    table = Table(title=title, title_justify="left", show_header=False)
    for name, value in facts:
        table.add_row(name, value)
    return table
