"""Shows and follows logs."""

import time
from collections.abc import Sequence
from pathlib import Path

import click

from deploy.local.errors import StateError

_POLL = 0.2


def log_files(directory: Path, name: str | None) -> list[Path]:
    """Return the log of a name, or all logs.

    Raises:
        StateError: there is no such log.
    """
    found = sorted(directory.glob("*.log"))
    if name is None:
        if not found:
            raise StateError(f"there are no logs in {directory} yet")
        return found
    chosen = [path for path in found if path.stem == name]
    if not chosen:
        raise StateError(
            f"there is no log {name!r}: choose one of {', '.join(path.stem for path in found) or 'none yet'}"
        )
    return chosen


def show(files: Sequence[Path], *, lines: int, follow: bool) -> None:
    """Print the last lines of each file; with `follow` print new lines until interrupted."""
    prefix = len(files) > 1
    positions = {}
    for path in files:
        text = path.read_text(errors="replace")
        positions[path] = path.stat().st_size
        _print(path, text.splitlines()[-lines:] if lines else [], prefix=prefix)
    while follow:
        time.sleep(_POLL)
        for path in files:
            positions[path] = _print_new(path, positions[path], prefix=prefix)


def _print_new(path: Path, position: int, *, prefix: bool) -> int:
    if not path.exists():
        return 0
    if path.stat().st_size < position:
        position = 0
    with path.open("rb") as file:
        file.seek(position)
        content = file.read()
    complete = content[: content.rfind(b"\n") + 1]
    _print(path, complete.decode(errors="replace").splitlines(), prefix=prefix)
    return position + len(complete)


def _print(path: Path, lines: Sequence[str], *, prefix: bool) -> None:
    for line in lines:
        click.echo(f"{path.stem}  {line}" if prefix else line)
