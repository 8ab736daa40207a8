"""Measuring side by side, and the table that every benchmark prints. Times are seconds unless a name says otherwise."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rich.console import Console
from rich.table import Table

T = TypeVar("T")
_WIDTH = 132


@dataclass(frozen=True)
class Line:
    """One line of a table; a line without a goal is there to explain the others."""

    what: str
    measured: str
    goal: str = ""
    ratio: str = ""
    verdict: str = ""


def at_most(what: str, value: float, limit: float, unit: str, why: str) -> Line:
    """A value with an upper goal; `why` explains a miss. The ratio is value to goal."""
    met = value <= limit
    return Line(what, f"{value:.3g} {unit}", f"≤ {limit:g} {unit}", f"{value / limit:.2f}", _verdict(met, why))


def ratio_at_most(what: str, ours: float, raw: float, limit: float, why: str) -> Line:
    """Two values in seconds whose ratio has an upper goal."""
    met = ours / raw <= limit
    measured = f"{ours:.3g} s / {raw:.3g} s"
    return Line(what, measured, f"≤ {limit:.2f} x", f"{ours / raw:.2f}", _verdict(met, why))


@dataclass(frozen=True)
class Rates:
    """What we do and what the bare thing does, in the same unit."""

    ours: float
    raw: float
    unit: str


def ratio_at_least(what: str, rates: Rates, limit: float, why: str) -> Line:
    """Two rates whose ratio has a lower goal."""
    ratio = rates.ours / rates.raw
    measured = f"{rates.ours:.1f} / {rates.raw:.1f} {rates.unit}"
    return Line(what, measured, f"≥ {limit:.2f} x", f"{ratio:.2f}", _verdict(ratio >= limit, why))


def fact(what: str, measured: str) -> Line:
    """A line that explains."""
    return Line(what, measured)


def show(title: str, lines: Sequence[Line]) -> None:
    """Print a table."""
    table = Table("what", "goal", "measured", "ratio", "verdict", title=title, title_justify="left")
    for line in lines:
        style = "" if line.goal else "dim"
        table.add_row(line.what, line.goal, line.measured, line.ratio, line.verdict, style=style)
    console = Console(width=_WIDTH)
    console.print()
    console.print(table)


def alternately(runs: int, *works: Callable[[], T]) -> list[list[T]]:
    """Do several works in turn, so that a busy machine is as busy for each; every second round in reverse order."""
    results: list[list[T]] = [[] for _ in works]
    for run in range(runs):
        order = range(len(works)) if run % 2 == 0 else reversed(range(len(works)))
        for number in order:
            results[number].append(works[number]())
    return results


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def spread(values: Sequence[float], unit: str = "s") -> str:
    """Median, least and most."""
    return f"{statistics.median(values):.3g} {unit} ({min(values):.3g} to {max(values):.3g}, {len(values)} runs)"


def _verdict(met: bool, why: str) -> str:
    return "met" if met else f"missed: {why}"
