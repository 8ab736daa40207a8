"""The tutorials of docs/extending.md, taken from the page, put into a copy of the project, and run there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import deploy
from deploy.local.engines import trees

ROOT = Path(deploy.__file__).parents[1]
PAGE = ROOT / "docs" / "extending.md"
COPIED = ("api_spec", "datastores", "deploy", "docs", "functions", "tests", "workflows")
FILE = re.compile(r"^`((?:functions|tests)/\S+)`\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PART = re.compile(r"^Under `(\w+)` of `(\S+)`\n\n```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OWN_TEST = "tests/api/test_checks.py"


def run(project: Path, *words: str) -> str:
    """The output of a Python command of the copy."""
    environment = os.environ | {"PYTHONPATH": str(project), "TROVE_ENGINES": str(trees.directory())}
    command = [sys.executable, *words]
    done = subprocess.run(command, env=environment, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-6000:]}{done.stderr[-6000:]}"
    return done.stdout


def extend(project: Path) -> list[str]:
    """Do what the page says; gives the files that it adds."""
    text = PAGE.read_text()
    files = dict(FILE.findall(text))
    for name, content in files.items():
        assert not (project / name).exists(), name
        (project / name).write_text(content)
    for section, name, content in PART.findall(text):
        document = (project / name).read_text()
        assert document.count(f"\n{section}:\n") == 1
        document = document.replace(f"\n{section}:\n", f"\n{section}:\n{content}\n")
        (project / name).write_text(document.replace('version: "1.2"', 'version: "1.3"', 1))
    return [*files]


@pytest.mark.timeout(600)
def test_the_tutorials_work_as_printed(tmp_path: Path) -> None:
    for folder in COPIED:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    files = extend(tmp_path)
    assert OWN_TEST in files and len(files) == 4
    run(tmp_path, "-m", "ruff", "check", *files)
    run(tmp_path, "-m", "ruff", "format", "--check", *files)
    run(tmp_path, "-m", "api_spec.generate")
    assert "instance_check.yaml" in run(tmp_path, "-m", "workflows.compile")
    run(tmp_path, "-m", "workflows.lint")
    rules = ("-q", "-p", "no:cacheprovider")
    run(tmp_path, "-m", "pytest", *rules, "tests/unit/test_specification.py", "tests/unit/test_runtime.py", OWN_TEST)
