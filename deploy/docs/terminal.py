"""A terminal as far as rich's live displays use one: what is on it at the end, and a picture of that."""

import re
from io import StringIO

from rich.console import Console
from rich.text import Text

SEQUENCE = re.compile(r"\x1b\[(?P<codes>[0-9;?]*)(?P<kind>[A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\r|\n")
FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; \
font-size: {char_height}px; line-height: {line_height}px }}
.{unique_id}-title {{ font: bold 18px system-ui, "DejaVu Sans", sans-serif }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""rich's template without the fonts that it fetches from a server."""


class Screen:
    """The lines of a terminal without an end. It knows colours, line ends, erased lines and the cursor going up.

    That is all that rich.live needs: it erases a whole line before it writes it anew.
    """

    def __init__(self) -> None:
        self._lines = [""]
        self._row = 0

    def feed(self, text: str) -> None:
        """Write text with its control sequences."""
        written = 0
        for found in SEQUENCE.finditer(text):
            self._write(text[written : found.start()])
            written = found.end()
            self._obey(found)
        self._write(text[written:])

    def lines(self) -> list[str]:
        """Return the lines with the sequences of their colours, without empty ones at the end."""
        lines = list(self._lines)
        while lines and not Text.from_ansi(lines[-1]).plain.strip():
            lines.pop()
        return lines

    def _write(self, text: str) -> None:
        self._lines[self._row] += text

    def _obey(self, found: "re.Match[str]") -> None:
        kind, codes = found["kind"], found["codes"]
        if found[0] == "\n":
            self._row += 1
            if self._row == len(self._lines):
                self._lines.append("")
        elif kind == "m":
            self._write(found[0])
        elif kind == "K" and codes == "2":
            self._lines[self._row] = ""
        elif kind == "A":
            self._row = max(0, self._row - int(codes or 1))


def picture(lines: list[str], title: str, width: int) -> str:
    """Return the SVG of a terminal that is `width` characters wide; longer lines are folded."""
    console = Console(width=width, file=StringIO(), record=True, force_terminal=True, color_system="truecolor")
    for line in lines:
        text = Text.from_ansi(line)
        text.rstrip()
        for start in range(0, max(1, len(text)), width):
            console.print(text[start : start + width], highlight=False)
    drawn = console.export_svg(title=title, code_format=FRAME, unique_id="terminal")
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"
