"""The figures of benchmarks: judged, drawn to the measure of the goal, kept, and shown in the documentation."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from deploy.docs import bench
from deploy.docs.bars import GOAL, HEAD, LABEL_CHARACTERS, ROW, TRACK, WIDTH, Bar, draw, length
from tests.bench import support

SVG = "{http://www.w3.org/2000/svg}"


def figure(what: str, value: float, goal: float = 2.0, *, at_least: bool = False) -> bench.Figure:
    """A figure in seconds."""
    return bench.Figure(what=what, measured=f"{value} s", value=value, goal=goal, unit="s", at_least=at_least)


def benchmark(name: str, *figures: bench.Figure) -> bench.Benchmark:
    """A benchmark of some day."""
    return bench.Benchmark(
        name=name, title=f"The {name}", measured_on="2026-01-02", machine="2 cores", figures=[*figures]
    )


def bars(svg: str) -> list[tuple[str | None, float]]:
    """Class and length of each bar of a picture."""
    drawn = ElementTree.fromstring(svg).iter(f"{SVG}rect")
    shown = [(bar.get("class"), float(bar.get("width", "0"))) for bar in drawn]
    return [(kind, width) for kind, width in shown if kind not in {"page", "goal"}]


@pytest.mark.parametrize(
    ("value", "at_least", "met"), [(2.0, False, True), (2.1, False, False), (2.0, True, True), (1.9, True, False)]
)
def test_a_goal_is_met_on_its_side(value: float, at_least: bool, met: bool) -> None:
    assert Bar("x", value, 2.0, "s", at_least).met is met
    drawn = bars(draw("t", "s", [Bar("x", value, 2.0, "s", at_least)]))
    assert drawn[1][0] == ("met" if met else "missed")


def test_a_bar_is_as_long_to_the_goal_as_its_value_is() -> None:
    assert length(3.0, 6.0) == GOAL / 2
    assert length(6.0, 6.0) == GOAL
    assert length(600.0, 6.0) == TRACK, "a bar ends where its track does"
    assert length(0.0, 6.0) == 1.0, "nothing is not invisible"
    drawn = bars(draw("t", "s", [Bar("x", 3.0, 6.0, "s", last=4.5)]))
    assert drawn == [("track", TRACK), ("met", GOAL / 2), ("last", GOAL * 0.75)]


def test_a_picture_says_goal_run_and_recorded_run() -> None:
    told = "".join(ElementTree.fromstring(draw("A <b> & c", "on", [Bar("x" * 90, 3, 6, "ms", last=4)])).itertext())
    for words in ("A <b> & c", "3 ms, met", "≤ 6 ms, the recorded run had 4 ms", f"{'x' * (LABEL_CHARACTERS - 1)}…"):
        assert words in told
    assert "recorded run" not in draw("t", "s", [Bar("x", 3, 6, "ms")])


def test_a_picture_is_as_high_as_its_rows_and_fits_a_telephone() -> None:
    root = ElementTree.fromstring(draw("t", "s", [Bar("x", 1, 1, "s")] * 3))
    assert int(root.get("height", "0")) >= HEAD + 3 * ROW
    assert root.get("viewBox") == f"0 0 {WIDTH} {root.get('height')}"
    assert "prefers-color-scheme: dark" in str(root.findtext(f"{SVG}style"))


def test_a_run_keeps_what_others_measured_and_replaces_its_own(tmp_path: Path) -> None:
    recorded = bench.Run(benchmarks=[benchmark("create", figure("slow", 4.0))])
    bench.keep(tmp_path, benchmark("create", figure("slow", 3.0)), recorded)
    bench.keep(tmp_path, benchmark("api", figure("list", 1.0)), recorded)
    drawn = bench.keep(tmp_path, benchmark("create", figure("slow", 1.0), figure("new", 1.0)), recorded)
    run = bench.load(tmp_path)
    assert [each.name for each in run.benchmarks] == ["api", "create"]
    found = run.find("create")
    assert found is not None
    assert found.figures[0].value == 1.0
    assert bars(drawn.read_text())[2] == ("last", TRACK), "the recorded 4 s are twice the goal"
    assert len(bars(drawn.read_text())) == 5, "a figure that the recorded run lacks has no bar for it"


def test_the_table_shows_what_was_missed() -> None:
    text = bench.table(bench.Run(benchmarks=[benchmark("create", figure("a", 3.0), figure("b", 3.0, at_least=True))]))
    assert "| a | ≤ 2 s | 3.0 s | **missed** |" in text
    assert "| b | ≥ 2 s | 3.0 s | met |" in text


def test_lines_of_benchmarks_become_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("BUILT", "RECORDED", "ROOT"):
        monkeypatch.setattr(bench, name, tmp_path / name if name != "ROOT" else tmp_path)
    monkeypatch.setattr(bench, "PAGE", tmp_path / "page.md")
    bench.PAGE.write_text(f"before\n{bench.BEGIN}old\n{bench.END}after\n")
    lines = [
        support.at_most("a", 3.0, 2.0, "s", "too much work"),
        support.ratio_at_least("b", support.Rates(3.0, 2.0, "a minute"), 0.6, ""),
        support.ratio_at_most("c", 3.0, 2.0, 1.6, ""),
        support.fact("d", "no goal"),
    ]
    monkeypatch.delenv("TROVE_BENCH_RECORD", raising=False)
    support.show("some", "Some work: from here to there", lines)
    assert "missed: too much work" in re.sub(r"[\s│]+", " ", capsys.readouterr().out)
    [kept] = bench.load(bench.BUILT).benchmarks
    assert (kept.title, [each.value for each in kept.figures]) == ("Some work", [3.0, 1.5, 1.5])
    assert not bench.RECORDED.exists(), "a run is recorded on request only"
    monkeypatch.setenv("TROVE_BENCH_RECORD", "1")
    support.show("some", "Some work: from here to there", lines)
    assert bench.load(bench.RECORDED).benchmarks == [kept]
    page = bench.PAGE.read_text()
    assert page.startswith("before\n")
    assert page.endswith("after\n")
    assert "old" not in page
    assert "figures/bench-some.svg" in page
    assert (bench.RECORDED / "bench-some.svg").exists()


def test_the_documentation_has_the_recorded_run() -> None:
    for path, text in bench.documents(bench.load(bench.RECORDED)).items():
        assert path.read_text() == text, f"{path} is out of date: run python -m deploy.docs.bench"
