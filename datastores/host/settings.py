"""Settings in configuration files: names and values that can be written there, and the file to go back to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from datastores.host import files
from datastores.host.errors import BadRequest
from datastores.host.facts import Facts

_QUANTITY = re.compile(r"([0-9]+) ?(B|kB|MB|GB|TB)")
_BYTES = {"B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}


@dataclass(frozen=True)
class SettingsFile:
    """The file from which the next start takes the settings. Beside it are the one with which the server started last,
    to which a start that fails goes back, and the one before the last `replace`, which a refusal puts back."""

    facts: Facts
    path: Path

    def replace(self, text: str) -> None:
        """Make this the file, and keep the one before it for `undo`. Replaced again by the same text, it stays."""
        if (current := self._text()) != text:
            self._write(self._beside("before"), current)
            self._write(self.path, text)

    def before(self) -> str:
        """Return the text before the last `replace`, or the file's own when it was never replaced."""
        before = self._beside("before")
        return before.read_text(encoding="utf-8") if before.exists() else self._text()

    def undo(self) -> None:
        """Put back the file as it was before the last `replace`."""
        self._write(self.path, self.before())

    def keep(self) -> None:
        """Keep the file as the one with which the server has just started."""
        if (text := self._text()) != self.started():
            self._write(self._beside("started"), text)

    def started(self) -> str:
        """Return the text with which the server started last, empty when it never did."""
        kept = self._beside("started")
        return kept.read_text(encoding="utf-8") if kept.exists() else ""

    def is_started(self) -> bool:
        """Return whether the server started last with the file as it is now."""
        return self._text() == self.started()

    def go_back(self) -> bool:
        """Put back the file with which the server started last; return whether that is another than now."""
        started = self.started()
        if started in {"", self._text()}:
            return False
        self._write(self.path, started)
        return True

    def _beside(self, word: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{word}")

    def _text(self) -> str:
        return self.path.read_text(encoding="utf-8") if self.path.exists() else ""

    def _write(self, path: Path, text: str) -> None:
        files.write_text(path, text)
        self.facts.chown(path)


def check_names(settings: Iterable[str], pattern: re.Pattern[str], what: str) -> None:
    """Raise BadRequest for the first name that does not match; `what` is what the names are of, `an etcd setting`."""
    for name in settings:
        if not pattern.fullmatch(name):
            raise BadRequest(f"{name!r} is not the name of {what}")


def one_line(setting: object, *, true: str, false: str) -> str:
    """A setting's value as text, a boolean as the words for it. Raises BadRequest for a text that is not one line."""
    text = (true if setting else false) if isinstance(setting, bool) else str(setting)
    if any(character in text for character in "\n\r\0"):
        raise BadRequest("a setting's value must be one line")
    return text


def in_bytes(setting: object) -> int | None:
    """The bytes of a quantity of memory like `64MB`, None for anything else."""
    quantity = _QUANTITY.fullmatch(str(setting))
    return int(quantity[1]) * _BYTES[quantity[2]] if quantity else None
