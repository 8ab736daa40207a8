"""The pages of docs/guide: the blocks that a reader types or saves, and what the page says is printed.

    ```console                    what a shell is given: lines that begin with `$ `, continued after `\\` and to the end
                                  of a here-document; the lines below a command are its output, all of it
    ```console title="Refused"    the same, and each command is to fail
    ```LANGUAGE title="NAME"      the file NAME, which the reader saves in the working directory before what follows

A command without output below it may print anything. Any other block is an error. In the output that a page shows,
`...` stands for anything (a line of its own: for any lines), an id, a time, an address or a decimal number for any
other, and spaces and rules for any number of them.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
BLOCK = re.compile(r"^( *)```(\S*)([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r' title="([^"]+)"')
HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?")
PROMPT = "$ "
REFUSED = "Refused"
HOME = "/home/you"
"""The reader's home directory, as pages show it."""
ALIKE = {
    r"\s*\.\.\.\s*": ".*?",
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}": None,
    r"[0-9a-f]{32,}": None,
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:\+00:00|Z)?": None,
    r"\d{4}-\d\d-\d\d": None,
    r"\d+\.\d+\.\d+\.\d+": None,
    r"\d+\.\d+": None,
    r"-{2,}": "-+",
    r"─+": "─+",
    r"█+": "█+",
    r"\s+": r"\s+",
}
"""What in a page's output stands for more than itself, and for what: None for all of its own kind."""


@dataclass(frozen=True)
class File:
    """A file that the reader saves."""

    name: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command that the reader types, and the output that the page shows: none, or all of it."""

    text: str
    output: str
    refused: bool = False

    def shows(self, printed: str, home: str) -> bool:
        """Whether what was printed is what the page shows."""
        if not self.output:
            return True
        return re.fullmatch(_pattern(self.output), printed.replace(home, HOME).strip(), re.DOTALL) is not None


@dataclass
class Page:
    """A page's files and commands, in order."""

    name: str
    parts: list[File | Command] = field(default_factory=list)

    @property
    def commands(self) -> list[Command]:
        """The commands alone."""
        return [part for part in self.parts if isinstance(part, Command)]

    def file(self, name: str) -> str:
        """The text of a file. Raises StopIteration: the page has none of that name."""
        return next(part.text for part in self.parts if isinstance(part, File) and part.name == name)


def names() -> list[str]:
    """The pages' names in the order of the site's navigation."""
    site = (GUIDE.parents[1] / "mkdocs.yml").read_text()
    return re.findall(r"guide/([a-z-]+)\.md", site)


def read(name: str) -> Page:
    """A page. Raises ValueError: a block is neither a console nor a file."""
    page = Page(name)
    for indent, language, options, body in BLOCK.findall((GUIDE / f"{name}.md").read_text()):
        text = re.sub(rf"^{indent}", "", body, flags=re.MULTILINE)
        title = TITLE.search(options)
        if language == "console":
            page.parts += _commands(text, refused=bool(title and title[1] == REFUSED))
        elif title:
            page.parts.append(File(title[1], text))
        elif language != "mermaid":
            raise ValueError(f"{name}.md: a block of {language or 'nothing'} is neither a console nor a file: {text}")
    return page


def _commands(text: str, *, refused: bool) -> list[Command]:
    found: list[Command] = []
    lines = text.splitlines()
    while lines:
        first = lines.pop(0)
        if not first.startswith(PROMPT):
            raise ValueError(f"not a command: {first}")
        command = [first.removeprefix(PROMPT)]
        while command[-1].endswith("\\"):
            command.append(lines.pop(0))
        if end := HERE_DOCUMENT.search(command[-1]):
            while command[-1] != end[1]:
                command.append(lines.pop(0))
        output: list[str] = []
        while lines and not lines[0].startswith(PROMPT):
            output.append(lines.pop(0))
        found.append(Command("\n".join(command), "\n".join(output).strip(), refused))
    return found


def _pattern(output: str) -> str:
    """A regular expression for what a page shows."""
    kinds = re.compile("|".join(f"({kind})" for kind in ALIKE))
    pattern, position = "", 0
    for match in kinds.finditer(output):
        assert match.lastindex
        kind, stands_for = list(ALIKE.items())[match.lastindex - 1]
        pattern += re.escape(output[position : match.start()]) + (kind if stands_for is None else stands_for)
        position = match.end()
    return pattern + re.escape(output[position:])
