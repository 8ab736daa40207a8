"""Keeps the figures of benchmarks as JSON, draws them, and writes those of the recorded run into the documentation.

The recorded run is docs/figures/bench.json, written by `make bench RECORD=1`. Run as `python -m deploy.docs.bench` to
draw its pictures and the table of docs/benchmarks.md; with `--check` it writes nothing, and exits 1 if they differ.
"""

import argparse
import sys
from pathlib import Path

from pydantic import BaseModel

from deploy.docs.bars import Bar, draw

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
RECORDED, BUILT = ROOT / "docs" / "figures", ROOT / "build" / "bench"
BEGIN, END = "<!-- figures: written by python -m deploy.docs.bench -->\n", "<!-- /figures -->\n"


class Figure(BaseModel):
    """A measured figure that has a goal."""

    what: str
    measured: str
    """The value as the printed table has it."""
    value: float
    goal: float
    unit: str
    at_least: bool = False
    """Whether the goal is a lower limit; else it is an upper one."""

    def bar(self, last: float | None) -> Bar:
        """Return the bar that shows it beside the value of another run."""
        return Bar(self.what, self.value, self.goal, self.unit, self.at_least, last)


class Benchmark(BaseModel):
    """The figures of one benchmark in one run."""

    name: str
    title: str
    measured_on: str
    """ISO date."""
    machine: str
    figures: list[Figure]


class Run(BaseModel):
    """The figures of benchmarks, each from the last time that it ran."""

    benchmarks: list[Benchmark] = []

    def find(self, name: str) -> Benchmark | None:
        """Return the benchmark of a name, or None."""
        return next((benchmark for benchmark in self.benchmarks if benchmark.name == name), None)

    def put(self, benchmark: Benchmark) -> None:
        """Add a benchmark, or replace the one of its name."""
        kept = [other for other in self.benchmarks if other.name != benchmark.name]
        self.benchmarks = sorted([*kept, benchmark], key=lambda each: each.name)


def load(directory: Path) -> Run:
    """Return the run that is kept in a directory, without benchmarks if there is none."""
    path = directory / "bench.json"
    return Run.model_validate_json(path.read_text()) if path.exists() else Run()


def keep(directory: Path, benchmark: Benchmark, last: Run) -> Path:
    """Add a benchmark to the run kept in a directory, and draw it there beside `last`; return the picture's path."""
    run = load(directory)
    run.put(benchmark)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "bench.json").write_text(run.model_dump_json(indent=2) + "\n")
    drawn = directory / f"bench-{benchmark.name}.svg"
    drawn.write_text(picture(benchmark, last.find(benchmark.name)))
    return drawn


def picture(benchmark: Benchmark, last: Benchmark | None = None) -> str:
    """Return the SVG of a benchmark beside the same figures of another run."""
    before = {figure.what: figure.value for figure in last.figures} if last else {}
    subtitle = f"{benchmark.measured_on}, {benchmark.machine}"
    return draw(benchmark.title, subtitle, [figure.bar(before.get(figure.what)) for figure in benchmark.figures])


def gallery(run: Run) -> str:
    """Return the Markdown that shows all pictures."""
    return "\n".join(f"![{each.title}: figures beside goals](figures/bench-{each.name}.svg)" for each in run.benchmarks)


def table(run: Run) -> str:
    """Return a Markdown table of all figures."""
    rows = []
    for benchmark in run.benchmarks:
        rows.append(f"| **{benchmark.title}** | | | |")
        for figure in benchmark.figures:
            bar = figure.bar(None)
            verdict = "met" if bar.met else "**missed**"
            rows.append(f"| {figure.what} | {bar.goal_text} | {figure.measured} | {verdict} |")
    return "\n".join(["| | goal | measured | |", "|---|---|---|---|", *rows]) + "\n"


def documents(run: Run) -> dict[Path, str]:
    """Return what the documentation has of a run: the pictures and the page with the table, by path."""
    pictures = {RECORDED / f"bench-{benchmark.name}.svg": picture(benchmark) for benchmark in run.benchmarks}
    before, rest = PAGE.read_text().split(BEGIN)
    return {**pictures, PAGE: f"{before}{BEGIN}\n{gallery(run)}\n\n{table(run)}{END}" + rest.split(END)[1]}


def record(benchmark: Benchmark) -> None:
    """Make a benchmark part of the recorded run, and of the documentation."""
    keep(RECORDED, benchmark, Run())
    for path, text in documents(load(RECORDED)).items():
        path.write_text(text)


def main() -> int:
    """Write the pictures and the table, or with --check compare them. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if something is out of date")
    check = parser.parse_args().check
    wanted = documents(load(RECORDED))
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is out of date: run python -m deploy.docs.bench")
        else:
            path.write_text(wanted[path])
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
