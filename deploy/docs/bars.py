"""Draws the figures of a benchmark as an SVG: a bar for each, with a mark at the goal, readable at 400 pixels.

The picture has colours for light and dark pages, needs no font and no other file, and is the same for the same figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 420
"""Pixels. All other sizes here are pixels, too."""
MARGIN = 14
HEAD, ROW, FOOT = 54, 64, 8
TRACK = 270
"""Length of the longest bar."""
GOAL = 170
"""Length of a bar whose value is the goal, whatever its unit."""
BAR, LAST_BAR = 11, 5
LABEL_CHARACTERS = 58

STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 14px } .dim { font-size: 12px; fill: #59636e } .value { font-weight: 600 }
.page { fill: #fff; stroke: #d1d9e0 } .track { fill: #eff2f5 } .goal { fill: #1f2328 }
.met { fill: #1a7f37 } .missed { fill: #cf222e } .last { fill: #818b98 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .dim { fill: #9198a1 } .page { fill: #0d1117; stroke: #3d444d } .track { fill: #212830 }
.goal { fill: #f0f6fc } .met { fill: #3fb950 } .missed { fill: #f85149 } .last { fill: #9198a1 }
}
"""


@dataclass(frozen=True)
class Bar:
    """A figure with its goal. `last` is the value of the run to compare with, None without one."""

    label: str
    value: float
    goal: float
    unit: str
    at_least: bool = False
    """Whether the goal is a lower limit; else it is an upper one."""
    last: float | None = None

    @property
    def met(self) -> bool:
        """Whether the value reaches the goal."""
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def goal_text(self) -> str:
        """The goal with its sign and unit."""
        return f"{'≥' if self.at_least else '≤'} {self.goal:g} {self.unit}"

    def text(self, value: float) -> str:
        """Return a value with the unit."""
        return f"{value:.3g} {self.unit}"


def draw(title: str, subtitle: str, bars: Sequence[Bar]) -> str:
    """Return the SVG of some figures."""
    height = HEAD + ROW * len(bars) + FOOT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6"/>',
        _text(MARGIN, 24, title, "title"),
        _text(MARGIN, 42, subtitle, "dim"),
        *(part for number, bar in enumerate(bars) for part in _row(HEAD + number * ROW, bar)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def length(value: float, goal: float) -> float:
    """Return the length of a value's bar: as long to GOAL as the value is to the goal, and TRACK at most."""
    return round(max(1.0, min(TRACK, value / goal * GOAL)), 1)


def _row(top: int, bar: Bar) -> list[str]:
    verdict = "met" if bar.met else "missed"
    last = "" if bar.last is None else f", the recorded run had {bar.text(bar.last)}"
    parts = [
        f"<g><title>{escape(bar.label)}</title>",
        _text(MARGIN, top + 14, _short(bar.label), ""),
        f'<rect class="track" x="{MARGIN}" y="{top + 21}" width="{TRACK}" height="{BAR}"/>',
        f'<rect class="{verdict}" x="{MARGIN}" y="{top + 21}" width="{length(bar.value, bar.goal)}" height="{BAR}"/>',
        _text(WIDTH - MARGIN, top + 31, f"{bar.text(bar.value)}, {verdict}", f"value {verdict}", end=True),
        f'<rect class="goal" x="{MARGIN + GOAL}" y="{top + 19}" width="2" height="{BAR + 8}"/>',
        _text(MARGIN, top + 52, f"goal {bar.goal_text}{last}", "dim"),
    ]
    if bar.last is not None:
        long = length(bar.last, bar.goal)
        parts.append(f'<rect class="last" x="{MARGIN}" y="{top + 33}" width="{long}" height="{LAST_BAR}"/>')
    return [*parts, "</g>"]


def _text(x: int, y: int, words: str, style: str, *, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return f'<text class="{style}" x="{x}" y="{y}"{anchor}>{escape(words, quote=False)}</text>'


def _short(label: str) -> str:
    return label if len(label) <= LABEL_CHARACTERS else f"{label[: LABEL_CHARACTERS - 1]}…"
