"""Measuring side by side, and each benchmark's table and picture. Times are seconds unless a name says otherwise."""

import math
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import psutil
from rich.console import Console
from rich.table import Table

from deploy.docs import bench

T = TypeVar("T")
_WIDTH = 132


@dataclass(frozen=True)
class Line:
    """One line of a table; a line without a figure has no goal and is there to explain the others."""

    what: str
    measured: str
    ratio: str = ""
    why: str = ""
    """What explains a miss."""
    figure: bench.Figure | None = None


def at_most(what: str, value: float, limit: float, unit: str, why: str) -> Line:
    """A value with an upper goal; `why` explains a miss. The ratio is value to goal."""
    measured = f"{value:.3g} {unit}"
    figure = bench.Figure(what=what, measured=measured, value=value, goal=limit, unit=unit)
    return Line(what, measured, f"{value / limit:.2f}", why, figure)


def ratio_at_most(what: str, ours: float, raw: float, limit: float, why: str) -> Line:
    """Two values in seconds whose ratio has an upper goal."""
    ratio, measured = ours / raw, f"{ours:.3g} s / {raw:.3g} s"
    figure = bench.Figure(what=what, measured=f"{ratio:.2f}: {measured}", value=ratio, goal=limit, unit="x")
    return Line(what, measured, f"{ratio:.2f}", why, figure)


@dataclass(frozen=True)
class Rates:
    """What we do and what the bare thing does, in the same unit."""

    ours: float
    raw: float
    unit: str


def ratio_at_least(what: str, rates: Rates, limit: float, why: str) -> Line:
    """Two rates whose ratio has a lower goal."""
    ratio, measured = rates.ours / rates.raw, f"{rates.ours:.1f} / {rates.raw:.1f} {rates.unit}"
    told = f"{ratio:.2f}: {measured}"
    figure = bench.Figure(what=what, measured=told, value=ratio, goal=limit, unit="x", at_least=True)
    return Line(what, measured, f"{ratio:.2f}", why, figure)


def fact(what: str, measured: str) -> Line:
    """A line that explains."""
    return Line(what, measured)


def show(name: str, title: str, lines: Sequence[Line]) -> None:
    """Print a table, and draw its figures below build/bench; with TROVE_BENCH_RECORD set they are recorded, too.

    The picture's title is that of the table up to a colon.
    """
    table = Table("what", "goal", "measured", "ratio", "verdict", title=title, title_justify="left")
    for line in lines:
        table.add_row(line.what, *_judged(line), style="" if line.figure else "dim")
    console = Console(width=_WIDTH)
    console.print()
    console.print(table)
    drawn = bench.keep(bench.BUILT, _benchmark(name, title, lines), bench.load(bench.RECORDED))
    console.print(f"drawn beside the recorded run: {drawn.relative_to(bench.ROOT)}", style="dim")
    if os.environ.get("TROVE_BENCH_RECORD"):
        bench.record(_benchmark(name, title, lines))


def _judged(line: Line) -> tuple[str, str, str, str]:
    if line.figure is None:
        return "", line.measured, "", ""
    bar = line.figure.bar(None)
    missed = f"missed: {line.why}" if line.why else "missed"
    return bar.goal_text, line.measured, line.ratio, "met" if bar.met else missed


def _benchmark(name: str, title: str, lines: Sequence[Line]) -> bench.Benchmark:
    return bench.Benchmark(
        name=name,
        title=title.partition(":")[0],
        measured_on=datetime.now(UTC).date().isoformat(),
        machine=f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.system()}",
        figures=[line.figure for line in lines if line.figure],
    )


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
