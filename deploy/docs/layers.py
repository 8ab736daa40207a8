"""Draws the layers of functions/ for docs/architecture.md, from the import rules of pyproject.toml.

Run as `python -m deploy.docs.layers`; with `--check` it writes nothing, and exits 1 if page or picture are out of date.
"""

import argparse
import re
import sys
import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE, PICTURE = ROOT / "docs" / "architecture.md", ROOT / "docs" / "figures" / "layers.svg"
BEGIN, END = "<!-- layers: written by python -m deploy.docs.layers -->\n", "<!-- /layers -->\n"

WIDTH, MARGIN, ROW, BOX = 420, 14, 42, 30
"""Sizes in pixels; a row has a box and the arrow below it."""

STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #1f2328 }
.page { fill: #fff; stroke: #d1d9e0 } .box { fill: #ddf4ff; stroke: #0969da } .arrow { fill: none; stroke: #59636e }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .page { fill: #0d1117; stroke: #3d444d } .box { fill: #12223b; stroke: #4493f8 }
.arrow { stroke: #9198a1 }
}
"""


def layers() -> list[list[str]]:
    """Return the layers of import-linter's contract, from the top; each has the names in its boxes.

    Modules that `|` separates may not import each other and have a box each; those that `:` separates share one.
    """
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [found] = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    return [[_named(box) for box in layer.split("|")] for layer in found]


def _named(box: str) -> str:
    names = [module.strip().removeprefix("functions.") for module in re.split(":", box)]
    packages = {name.rpartition(".")[0] for name in names}
    if len(names) == 1 or len(packages) > 1:
        return ", ".join(names)
    return f"{packages.pop()}: {', '.join(name.rpartition('.')[2] for name in names)}"


def picture(rows: list[list[str]]) -> str:
    """Return an SVG with a row for each layer, and arrows to what it may import: all that is below."""
    height = 2 * MARGIN + len(rows) * ROW - (ROW - BOX)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">',
        f"<title>The layers of functions/</title><style>{STYLE}</style>",
        f'<rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6"/>',
        *(part for place, row in enumerate(rows) for part in _row(MARGIN + place * ROW, row)),
        *(_arrow(MARGIN + place * ROW + BOX) for place in range(len(rows) - 1)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _row(top: int, names: list[str]) -> list[str]:
    gap = 8
    width = (WIDTH - 2 * MARGIN - gap * (len(names) - 1)) / len(names)
    parts = []
    for place, name in enumerate(names):
        left = MARGIN + place * (width + gap)
        parts.append(f'<rect class="box" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{BOX}" rx="4"/>')
        parts.append(f'<text x="{left + width / 2:.1f}" y="{top + 20}" text-anchor="middle">{escape(name)}</text>')
    return parts


def _arrow(top: int) -> str:
    middle, end = WIDTH // 2, top + ROW - BOX - 1
    return (
        f'<path class="arrow" d="M{middle} {top}V{end}M{middle - 4} {end - 5}L{middle} {end}L{middle + 4} {end - 5}"/>'
    )


def documents() -> dict[Path, str]:
    """Return the page and the picture of the present rules, by path."""
    rows = layers()
    told = "; ".join(" | ".join(names) for names in rows)
    before, rest = PAGE.read_text().split(BEGIN)
    shown = f"![The layers from the top, each may import those below it: {told}](figures/layers.svg)\n"
    return {PICTURE: picture(rows), PAGE: before + BEGIN + "\n" + shown + "\n" + END + rest.split(END)[1]}


def main() -> int:
    """Write page and picture, or with --check compare them. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if something is out of date")
    check = parser.parse_args().check
    stale = {path: text for path, text in documents().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        if check:
            print(f"{path.relative_to(ROOT)} is out of date: run python -m deploy.docs.layers")
        else:
            path.write_text(text)
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
