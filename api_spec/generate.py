"""Generates files from the specification: models of requests, tables of routes, API reference, sample policy file.

`python -m api_spec.generate` writes the files; with `--check` it writes nothing and exits 1 if a file is out of date.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from api_spec.reference import render_reference
from api_spec.routes import render_client_routes, render_routes

ROOT = Path(__file__).parent.parent
SPECIFICATION = ROOT / "api_spec" / "v1.0" / "openapi.yaml"
MODELS = ROOT / "functions" / "entrypoint" / "models.py"
ROUTES = ROOT / "functions" / "entrypoint" / "routes.py"
CLIENT_ROUTES = ROOT / "api_spec" / "client" / "routes.py"
REFERENCE = ROOT / "docs" / "api.md"
POLICY = ROOT / "docs" / "policy.yaml"

HEADER = '"""Generated from api_spec/v1.0/openapi.yaml by `python -m api_spec.generate`; do not edit."""'

MODEL_OPTIONS = (
    "--input-file-type=openapi",
    "--output-model-type=pydantic_v2.BaseModel",
    "--openapi-scopes",
    "schemas",
    "paths",
    "parameters",
    "--use-operation-id-as-name",
    "--base-class=functions.entrypoint.wire.Wire",
    "--target-python-version=3.11",
    "--strict-types",
    "str",
    "int",
    "float",
    "bool",
    "--use-annotated",
    "--enum-field-as-literal=all",
    "--collapse-root-models",
    "--use-type-alias",
    "--snake-case-field",
    "--use-schema-description",
    "--use-field-description",
    "--use-inline-field-description",
    "--use-single-line-docstring",
    "--no-formatters",
    "--disable-warnings",
    f"--custom-file-header={HEADER}",
)


def generate() -> dict[Path, str]:
    """Return the contents of the files that follow from the specification alone."""
    specification = yaml.safe_load(SPECIFICATION.read_text())
    return {
        MODELS: _formatted(_models(), MODELS),
        ROUTES: _formatted(f"{HEADER}\n\n{render_routes(specification)}", ROUTES),
        CLIENT_ROUTES: _formatted(f"{HEADER}\n\n{render_client_routes(specification)}", CLIENT_ROUTES),
        REFERENCE: render_reference(specification),
    }


def main(arguments: list[str] | None = None) -> int:
    """Write or check the files; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m api_spec.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is out of date")
    check = parser.parse_args(arguments).check
    stale = _update(generate(), check=check)
    if not (check and stale):
        stale += _update({POLICY: _run("api_spec.policy")}, check=check)
    names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
    if check and stale:
        sys.stderr.write(f"out of date: {names}; run `python -m api_spec.generate`\n")
        return 1
    sys.stdout.write(f"written: {names}\n" if stale else "up to date\n")
    return 0


def _update(generated: dict[Path, str], *, check: bool) -> list[Path]:
    """Write the files that are out of date, or with `check` none; return their paths."""
    stale = [path for path, content in generated.items() if not path.exists() or path.read_text() != content]
    for path in () if check else stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(generated[path])
    return stale


def _models() -> str:
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "models.py"
        _run("datamodel_code_generator", "--input", str(SPECIFICATION), "--output", str(output), *MODEL_OPTIONS)
        return output.read_text()


def _formatted(source: str, path: Path) -> str:
    """Return the source fixed and formatted by ruff with the project's rules."""
    name = ("--stdin-filename", str(path), "-")
    fixed = _run("ruff", "check", "--fix-only", "--quiet", *name, source=source)
    return _run("ruff", "format", "--quiet", *name, source=fixed)


def _run(module: str, *arguments: str, source: str | None = None) -> str:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, input=source, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT).stdout


if __name__ == "__main__":
    sys.exit(main())
