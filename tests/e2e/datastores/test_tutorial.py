"""The tutorial's datastore, taken from the page, held to our rules and run as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import datastores
from deploy.local.engines import trees

PACKAGE = Path(datastores.__file__).parent
PAGE = PACKAGE.parent / "docs" / "adding-a-datastore.md"
FILE = re.compile(r"^`(datastores/toykv/\S+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(path: Path, *words: str) -> str:
    """The output of a Python command that finds the package `datastores` of a directory before any other."""
    environment = os.environ | {"PYTHONPATH": f"{path}:{PACKAGE.parent}", "TROVE_ENGINES": str(trees.directory())}
    done = subprocess.run(
        [sys.executable, *words], env=environment, cwd=path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tutorial_s_datastore_works_as_printed(tmp_path: Path) -> None:
    shutil.copy(PACKAGE.parent / "pyproject.toml", tmp_path)
    shutil.copytree(PACKAGE, tmp_path / "datastores", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "datastores" / "toykv" / "engine").mkdir(parents=True)
    files = FILE.findall(PAGE.read_text())
    assert len(files) == 8
    for name, text in files:
        (tmp_path / name).write_text(text)
    run(tmp_path, "-m", "ruff", "check", "datastores/toykv")
    run(tmp_path, "-m", "ruff", "format", "--check", "datastores/toykv")
    run(tmp_path, "-m", "tests.support.tutorial", "toykv")
    shown = run(tmp_path, "-c", "from deploy.local.cli import main; main(['datastores'])")
    assert re.search(r"toykv +1 +yes", shown)
