"""A clock of its own for a process and those that inherit its environment, by libfaketime."""

import shutil
from pathlib import Path

import pytest

from deploy.local.engines import fetch, tools, trees


class Clock:
    """Shows the true time until it is set; monotonic clocks stay as they are.

    `directory` is where the processes that look at it may read.
    """

    def __init__(self, directory: Path) -> None:
        library = tools.find("libfaketime", trees.directory())
        if library is None:
            pytest.skip(f"libfaketime is not here; get it with: {fetch.FETCH_COMMAND}")
        self.library, self.file = directory / "libfaketime.so", directory / "clock"
        shutil.copy(library, self.library)
        self.ahead(0)

    def ahead(self, seconds: int) -> None:
        """Set it so much ahead of the true time, or behind it."""
        aside = self.file.with_suffix(".new")
        aside.write_text(f"{seconds:+d}\n")
        aside.chmod(0o644)
        aside.replace(self.file)

    def environment(self) -> dict[str, str]:
        """What the processes need in theirs."""
        return {
            "LD_PRELOAD": str(self.library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
