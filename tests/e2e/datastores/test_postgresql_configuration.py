"""Settings of a real PostgreSQL: changed, waiting for a restart, refused, and the catalog's parameters against it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from datastores.catalog import catalog
from datastores.postgresql import make_parameters
from tests.e2e.datastores.conftest import Hosts
from tests.e2e.datastores.test_postgresql_engine import ALICE, SHOP, arguments, do, done, query
from tests.support.host_driver import HostDriver, as_engine_user


@pytest.fixture(scope="module")
def host(hosts: Hosts) -> Iterator[HostDriver]:
    """A host with a running server."""
    made = hosts.make("postgresql")
    done(made, "create", **arguments(databases=[SHOP], users=[ALICE]))
    yield made


def configure(host: HostDriver, **values: object) -> dict[str, Any]:
    """Give the server these settings over the defaults."""
    return done(host, "configure", settings=arguments()["settings"] | values)


def refusal(host: HostDriver, **values: object) -> str:
    """Why settings are refused."""
    state = do(host, "configure", settings=arguments()["settings"] | values)
    assert state["state"] == "failed", state
    message: str = state["error"]["message"]
    return message


def show(host: HostDriver, name: str) -> str:
    """A setting in a new session of the tenant's."""
    value: str = query(host, f"SHOW {name}")[0][0]
    return value


def superuser(host: HostDriver, sql: str) -> str:
    """What the superuser is told."""
    psql = Path(host_programs(host)) / "psql"
    environment = {"PGHOST": str(host.root / "run"), "PGUSER": "postgres", "PATH": os.environ["PATH"]}
    command = [str(psql), "-XAtc", sql, "postgres"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, **as_engine_user())
    told: str = said.stdout.strip()
    return told


def host_programs(host: HostDriver) -> str:
    facts = json.loads((host.root / "facts.json").read_text())
    return str(catalog().version("postgresql", None).substrates["local"].programs.format(**facts["software"]))


def test_what_needs_no_restart_is_in_force_at_once(host: HostDriver) -> None:
    awkward = '"it\'s \\ odd", public'
    values = {"work_mem": "9MB", "statement_timeout": "5min", "autovacuum": False, "search_path": awkward}
    assert configure(host, **values)["restart_required"] is False
    assert (show(host, "work_mem"), show(host, "statement_timeout"), show(host, "autovacuum")) == ("9MB", "5min", "off")
    assert show(host, "search_path") == awkward
    assert configure(host)["restart_required"] is False
    assert (show(host, "work_mem"), show(host, "statement_timeout")) == ("2570kB", "0")


def test_what_needs_a_restart_waits_for_one(host: HostDriver) -> None:
    assert configure(host, max_connections=77)["restart_required"] is True
    assert show(host, "max_connections") == "51"
    assert configure(host, max_connections=77)["restart_required"] is True
    assert done(host, "restart")["restart_required"] is False
    assert show(host, "max_connections") == "77"
    assert configure(host)["restart_required"] is True
    assert done(host, "restart")["restart_required"] is False
    assert show(host, "max_connections") == "51"


def test_what_goes_back_to_its_default_waits_for_a_restart_too(host: HostDriver) -> None:
    assert configure(host, track_commit_timestamp=True, work_mem="9MB")["restart_required"] is True
    assert done(host, "restart")["restart_required"] is False
    assert show(host, "track_commit_timestamp") == "on"
    assert configure(host)["restart_required"] is True
    assert (show(host, "track_commit_timestamp"), show(host, "work_mem")) == ("on", "2570kB")
    assert done(host, "restart")["restart_required"] is False
    assert show(host, "track_commit_timestamp") == "off"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("timezone", "Mars/Olympus", 'invalid value for parameter "TimeZone": "Mars/Olympus"'),
        ("shared_buffers", "100GB", "could not map anonymous shared memory"),
        ("work_mem", "bogus", 'invalid value for parameter "work_mem"'),
        ("nosuch_parameter", "1", 'unrecognized configuration parameter "nosuch_parameter"'),
    ],
)
def test_a_value_that_is_refused_leaves_all_as_it_was(host: HostDriver, name: str, value: str, words: str) -> None:
    before = (host.root / "conf" / "host.conf").read_bytes()
    assert words in refusal(host, **{"work_mem": "9MB", name: value})
    assert (host.root / "conf" / "host.conf").read_bytes() == before
    assert show(host, "work_mem") == "2570kB"
    assert superuser(host, "SELECT count(*) FROM pg_file_settings WHERE error IS NOT NULL") == "0"
    assert list((host.root / "run").glob("trial-*")) == []


def test_a_restart_that_fails_goes_back_to_the_settings_before(host: HostDriver) -> None:
    assert configure(host, shared_preload_libraries="nosuch_library")["restart_required"] is True
    state = do(host, "restart")
    assert state["state"] == "failed"
    assert "nosuch_library" in state["error"]["message"]
    assert "it runs with the settings before" in state["error"]["message"]
    assert superuser(host, "SHOW shared_preload_libraries") == "pg_stat_statements"
    configure(host)


def test_administration_works_whatever_the_tenant_sets(host: HostDriver) -> None:
    hostile = {
        "statement_timeout": 1, "lock_timeout": 1, "idle_session_timeout": 1, "idle_in_transaction_session_timeout": 1,
        "default_transaction_read_only": True, "search_path": "evil, pg_catalog", "log_statement": "all",
        "log_transaction_sample_rate": 1.0, "debug_print_parse": True, "client_min_messages": "error",
        "standard_conforming_strings": False, "datestyle": "German", "log_min_messages": "panic",
    }  # fmt: skip
    assert configure(host, **hostile)["restart_required"] is False
    bob = {"name": "bob", "password": "canary-of-bob", "databases": [SHOP["name"]]}
    done(host, "create", **arguments(databases=[SHOP], users=[ALICE, bob]))
    done(host, "restart")
    configure(host)
    assert query(host, "SELECT 1", user="bob", password="canary-of-bob") == [(1,)]
    logs = "".join(path.read_text(errors="replace") for path in (host.root / "log").glob("postgresql-*.log"))
    assert "ALTER ROLE bob" not in logs


def test_no_function_of_a_tenants_runs_as_the_superuser(host: HostDriver) -> None:
    query(
        host,
        "CREATE FUNCTION public.format(text, text) RETURNS text LANGUAGE sql AS "
        "$$ SELECT 'ALTER ROLE alice SUPERUSER' $$",
    )
    done(host, "create", **arguments(databases=[SHOP], users=[ALICE]))
    assert superuser(host, "SELECT rolsuper FROM pg_roles WHERE rolname = 'alice'") == "f"
    query(host, "DROP FUNCTION public.format(text, text)")


def test_settings_of_a_stopped_server_wait_for_its_start(host: HostDriver) -> None:
    done(host, "stop")
    assert configure(host, work_mem="11MB")["restart_required"] is False
    done(host, "start")
    assert show(host, "work_mem") == "11MB"
    configure(host)


def test_the_parameters_of_the_catalog_are_those_of_the_server(host: HostDriver) -> None:
    rows = json.loads(superuser(host, make_parameters.QUERY))
    path = Path(make_parameters.__file__).with_name("parameters-18.json")
    assert json.loads(path.read_text()) == make_parameters.parameters(rows), "run datastores.postgresql.make_parameters"


def test_the_server_takes_every_parameter_of_the_catalog(host: HostDriver) -> None:
    known = catalog().version("postgresql", None).parameters()
    shown = json.loads(superuser(host, "SELECT json_object_agg(lower(name), setting) FROM pg_settings"))
    values = {name: shown[name] for name in known if shown[name] != ""}
    done(host, "configure", settings=values)
    with pytest.raises(psycopg2.Error):
        query(host, "SELECT 1", password="wrong")
    configure(host)


def test_no_process_logs_that_a_file_of_settings_is_missing(host: HostDriver) -> None:
    written = b"".join(path.read_bytes() for path in (host.root / "log").glob("postgresql-*.log"))
    assert b"database system is ready to accept connections" in written, "the log is not looked at"
    assert b"skipping missing configuration file" not in written
