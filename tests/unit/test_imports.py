"""Cold start: what each function imports before its first call, measured in a fresh interpreter."""

import subprocess
import sys

import pytest

HEAVY = ("openstack", "sqlalchemy", "asyncssh", "swiftclient", "heatclient", "mistralclient", "keystoneauth1", "yaml")


@pytest.mark.parametrize("module", ["functions.entrypoint.main", "functions.framework.adapters.functions_framework"])
def test_heavy_libraries_are_not_imported_at_start(module: str) -> None:
    code = f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert found == [], f"{module} imports {found} at start: import them inside the functions that need them"
