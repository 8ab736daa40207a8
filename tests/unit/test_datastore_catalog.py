"""The catalog: what datastore.yaml files say, and what they must not."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from datastores import bundle
from datastores.catalog import CatalogError, StockRestore, UnknownDatastoreError, catalog, load
from datastores.formula import Formula, evaluate
from datastores.host import tenants
from datastores.host.engine import Engine, Version
from datastores.host.errors import Unsupported
from datastores.host.facts import Facts
from datastores.host.names import DATABASE, USER, NameRules, rules
from datastores.host.roles.backups import Backups
from datastores.host.roles.logs import Logs
from datastores.host.roles.role import Role
from datastores.host.roles.server import Server
from datastores.host.roles.tenants import Databases, Root, Users
from datastores.host.roles.tuning import Tuning
from datastores.protocol.accounts import Database

ROLES: dict[str, tuple[type[Role], ...]] = {
    "databases": (Databases, Users),
    "users": (Users,),
    "root": (Root,),
    "configuration": (Tuning,),
    "logs": (Logs,),
    "backup": (Backups,),
}
POSTGRESQL = Path(bundle.__file__).parent / "postgresql" / "datastore.yaml"


def test_postgresql_is_found_by_name_and_id() -> None:
    postgresql = catalog().find("postgresql")
    assert catalog().find(postgresql.id) is postgresql
    default = catalog().version("postgresql", None)
    assert (default.name, default.datastore, default.ports) == ("18", "postgresql", (5432,))
    assert catalog().version(postgresql.id, default.id) is default
    assert catalog().version_by_id(default.id) is default
    assert postgresql.default_version_id == default.id


def test_ids_never_change() -> None:
    ids = {version.name: version.id for version in catalog().find("postgresql").versions}
    assert ids == {
        "18": "5b0e6c58-52a1-4b39-8d35-3c1f0b6f4a18",
        "17": "5b0e6c58-52a1-4b39-8d35-3c1f0b6f4a17",
        "16": "5b0e6c58-52a1-4b39-8d35-3c1f0b6f4a16",
        "15": "5b0e6c58-52a1-4b39-8d35-3c1f0b6f4a15",
    }


@pytest.mark.parametrize(("datastore", "version"), [("nosuch", None), ("postgresql", "9.6"), ("postgresql", "")])
def test_the_unknown_is_said_to_be_so(datastore: str, version: str | None) -> None:
    with pytest.raises(UnknownDatastoreError):
        catalog().version(datastore, version)


def test_default_settings_follow_the_flavor() -> None:
    version = catalog().version("postgresql", "18")
    small, large = version.settings_for(512, 1), version.settings_for(65536, 16)
    assert (small["shared_buffers"], large["shared_buffers"]) == ("128MB", "16384MB")
    assert (small["max_connections"], large["max_connections"]) == (51, 1000)
    assert (small["max_worker_processes"], large["max_worker_processes"]) == (8, 16)


@given(st.integers(128, 1 << 20), st.integers(1, 256))
def test_defaults_fit_into_the_memory_of_any_flavor(memory_mb: int, cpus: int) -> None:
    settings = catalog().version("postgresql", "18").settings_for(memory_mb, cpus)
    assert int(str(settings["shared_buffers"]).removesuffix("MB")) <= max(32, memory_mb // 4)
    assert 1024 <= int(str(settings["work_mem"]).removesuffix("kB")) <= 65536


@given(st.integers(1, 10**6), st.floats(0.001, 1000), st.integers(0, 1000), st.integers(1000, 10**6))
def test_a_formula_stays_between_its_limits(memory_mb: int, times: float, least: int, most: int) -> None:
    formula = Formula(of="memory_mb", times=times, min=least, max=most)
    value = evaluate({"x": formula}, memory_mb, 1)["x"]
    assert isinstance(value, int)
    assert least <= value <= most


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "not-a-uuid"}, "id"),
        ({"ports": [0]}, "ports.0"),
        ({"capabilities": ["flying"]}, "capabilities"),
        ({"settings": {"a": {"of": "disk"}}}, "settings.a: 'disk' is no source"),
        ({"settings": {"a": {"of": "b"}, "b": {"of": "cpus"}}}, "settings.a: 'b' is no source"),
        ({"settings": {"a": {"of": "cpus", "min": 2, "max": 1}}}, "settings.a"),
        ({"default_version": "9"}, "default_version '9'"),
        ({"stock_restore": None}, "stock_restore"),
        ({"capabilities": []}, "replicas: the capability 'replication'"),
        ({"replica_minimums": ["speed"]}, "replica_minimums: speed is none"),
        ({"surprise": 1}, "surprise"),
        ({"name": "oracle"}, "name: 'oracle' is not the folder's name"),
    ],
)
def test_a_wrong_description_names_file_and_field(tmp_path: Path, change: dict[str, Any], field: str) -> None:
    folder = tmp_path / "postgresql"
    folder.mkdir()
    file = folder / "datastore.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(POSTGRESQL.read_text()) | change))
    with pytest.raises(CatalogError) as caught:
        load([file])
    assert str(file) in str(caught.value)
    assert field in str(caught.value)


def test_an_id_used_twice_is_refused(tmp_path: Path) -> None:
    for name in ("postgresql", "other"):
        (tmp_path / name).mkdir()
        document = yaml.safe_load(POSTGRESQL.read_text()) | {"name": name}
        (tmp_path / name / "datastore.yaml").write_text(yaml.safe_dump(document))
    with pytest.raises(CatalogError, match="used twice"):
        load(sorted(tmp_path.glob("*/datastore.yaml")))


def test_a_version_may_lack_what_its_datastore_can() -> None:
    postgresql = catalog().find("postgresql")
    lacking = {item.name for item in postgresql.versions if "incremental_backup" not in item.capabilities}
    assert "incremental_backup" in postgresql.capabilities
    assert lacking == {"16", "15"}


def test_stock_restore_says_every_command() -> None:
    stock = StockRestore(
        unpack="{stream} >{directory}", full="check {directories}", chain="add {directories}: {increments}"
    )
    assert stock.commands(["get a"]) == ["get a >DATA_DIRECTORY", "check DATA_DIRECTORY"]
    assert stock.commands(["get a", "get b", "get c"]) == ["get a >1", "get b >2", "get c >3", "add 1 2 3: 2 3"]
    assert StockRestore(unpack="{stream} >{directory}").commands(["get a"]) == ["get a >DATA_DIRECTORY"]


@pytest.mark.parametrize(
    ("kind", "name", "problem"),
    [
        (DATABASE, "shop", None),
        (DATABASE, "a" * 63, None),
        (DATABASE, "a" * 64, "has 64"),
        (DATABASE, "ü" * 32, "has 64"),
        (DATABASE, "", "has 0"),
        (DATABASE, "Postgres", "reserved"),
        (USER, "pg_monitor", "reserved"),
        (USER, "os_admin", "reserved"),
        (DATABASE, "os_admin", None),
        (USER, "a\0b", "no name can have"),
        (USER, "\ud800", "no name can have"),
    ],
)
def test_names(kind: str, name: str, problem: str | None) -> None:
    said = catalog().find("postgresql").names.problem(kind, name)
    assert (said is None) if problem is None else problem in str(said)


def test_the_host_reads_the_same_name_rules() -> None:
    assert rules(yaml.safe_load(POSTGRESQL.read_text())["names"]) == catalog().find("postgresql").names
    assert rules({"max_bytes": 5}) == NameRules(5)


def test_a_bundle_is_deterministic_and_holds_one_engine() -> None:
    first = bundle.build("postgresql")
    bundle.build.cache_clear()
    assert bundle.build("postgresql") == first
    names = zipfile.ZipFile(io.BytesIO(first)).namelist()
    assert "datastores/postgresql/engine/server.py" in names
    assert "datastores/host/roles/server.py" in names
    assert not {name for name in names if "/make_parameters" in name or "/conformance" in name or "catalog" in name}


@pytest.mark.parametrize("datastore", [item.name for item in catalog().datastores])
def test_a_bundle_needs_nothing_but_the_standard_library_and_itself(datastore: str) -> None:
    archive = zipfile.ZipFile(io.BytesIO(bundle.build(datastore)))
    for name in (name for name in archive.namelist() if name.endswith(".py")):
        for module in _imported(ast.parse(archive.read(name))):
            path = f"{module.replace('.', '/')}.py"
            in_itself = path in archive.namelist() or path.replace(".py", "/__init__.py") in archive.namelist()
            assert in_itself or module.partition(".")[0] in sys.stdlib_module_names, f"{name} imports {module}"


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


@pytest.mark.parametrize("datastore", [item.name for item in catalog().datastores])
def test_an_engine_plays_the_roles_that_its_capabilities_promise(tmp_path: Path, datastore: str) -> None:
    found = catalog().find(datastore)
    facts = Facts("h", "local", tmp_path, "127.0.0.1", None, "python3", {}, 512, 1, 1)
    version = Version("1", "1", tmp_path, (1,), "none", NameRules())
    engine = Engine(datastore, found.family, facts, version)
    assert Server.find(engine) is not None
    promised = {name: all(role.find(engine) for role in roles) for name, roles in ROLES.items()}
    assert {name for name, played in promised.items() if played} == found.capabilities & set(ROLES)


def test_a_role_that_is_not_played_is_unsupported(tmp_path: Path) -> None:
    facts = Facts("h", "local", tmp_path, "127.0.0.1", None, "python3", {}, 512, 1, 1)
    engine = Engine("etcd", None, facts, Version("1", "1", tmp_path, (1,), "none", NameRules()))
    with pytest.raises(Unsupported, match="'databases'"):
        tenants.create_databases(engine, [Database("d")])


def test_the_loader_runs_a_bundle_from_memory(tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    document = {
        "host_id": "h", "substrate": "local", "root": str(tmp_path), "address": "127.0.0.1", "python": sys.executable,
        "memory_mb": 1, "cpus": 1, "volume_gb": 1,
    }  # fmt: skip
    facts.write_text(json.dumps(document))
    done = subprocess.run(
        bundle.argv("postgresql", sys.executable), input=bundle.request_bytes("postgresql", {"command": "dance"}),
        capture_output=True, check=True, env={"TROVE_HOST_FACTS": str(facts)},
    )  # fmt: skip
    error = json.loads(done.stdout)["error"]
    assert error["type"] == "bad_request"
    assert "there is no command 'dance'" in error["message"]
