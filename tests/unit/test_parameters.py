"""Parameters: what the catalog knows of PostgreSQL 18, and which values it takes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.catalog import catalog
from datastores.parameters import Parameter, problems

KNOWN = catalog().version("postgresql", "18").parameters()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=2)
)


def test_everything_a_tenant_may_tune_is_there_and_nothing_of_the_services() -> None:
    assert len(KNOWN) > 200
    assert {"shared_buffers", "work_mem", "timezone", "log_min_duration_statement", "jit", "random_page_cost"} <= set(
        KNOWN
    )
    owned = {
        "listen_addresses",
        "port",
        "data_directory",
        "hba_file",
        "ssl",
        "archive_command",
        "log_directory",
        "fsync",
    }
    assert not owned & set(KNOWN)
    assert all(parameter.description for parameter in KNOWN.values())
    assert all((parameter.type in ("integer", "float")) == (parameter.max is not None) for parameter in KNOWN.values())


def test_a_version_without_a_file_has_no_parameters() -> None:
    assert catalog().version("postgresql", "16").parameters() == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_connections", 100),
        ("shared_buffers", 16384),
        ("shared_buffers", "128MB"),
        ("shared_buffers", "1 GB"),
        ("work_mem", "64kB"),
        ("statement_timeout", "5min"),
        ("statement_timeout", 0),
        ("log_min_duration_statement", -1),
        ("checkpoint_timeout", "1h"),
        ("random_page_cost", 1.1),
        ("random_page_cost", 2),
        ("autovacuum", False),
        ("wal_compression", "pglz"),
        ("timezone", "Europe/Berlin"),
        ("search_path", 'it\'s, "public"'),
        ("shared_preload_libraries", "pg_stat_statements, auto_explain"),
        ("shared_preload_libraries", ""),
    ],
)
def test_values_that_are_taken(name: str, value: object) -> None:
    assert KNOWN[name].problem(value) is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("max_connections", "100", "must be an integer from 10 to 262143"),
        ("max_connections", 9, "must be an integer from 10 to 262143"),
        ("max_connections", 262144, "must be an integer from 10 to 262143"),
        ("max_connections", True, "must be an integer"),
        ("max_connections", 100.0, "must be an integer"),
        ("max_connections", None, "must be an integer"),
        ("work_mem", "1kB", "must be an integer from 64 to 2147483647 (in kB) or such a quantity with its unit"),
        ("work_mem", "100", "must be an integer"),
        ("work_mem", "64mb", "must be an integer"),
        ("work_mem", "5min", "must be an integer"),
        ("statement_timeout", "5MB", "must be an integer"),
        ("random_page_cost", "1.1", "must be a number"),
        ("random_page_cost", float("nan"), "must be a number"),
        ("random_page_cost", -1, "must be a number"),
        ("autovacuum", 1, "must be true or false"),
        ("autovacuum", "on", "must be true or false"),
        ("wal_compression", True, "must be one of "),
        ("wal_compression", "bzip2", "must be one of "),
        ("timezone", 1, "must be a text"),
        ("timezone", "UTC\nport = 1", "must be a text of one line"),
        ("search_path", "x" * 1025, "at most 1024 characters"),
        ("shared_preload_libraries", "../evil", "must match"),
        ("shared_preload_libraries", "a\n", "must be a text of one line"),
    ],
)
def test_values_that_are_refused(name: str, value: object, words: str) -> None:
    assert words in (KNOWN[name].problem(value) or "")


def test_all_problems_are_told_by_name() -> None:
    found = problems(KNOWN, {"max_connections": 1, "fsync": False, "work_mem": 100, "x\ny": 1})
    assert [sentence.split(" ")[0] for sentence in found] == ["'fsync'", "'max_connections'", "'x\\ny'"]


@given(st.sampled_from(sorted(KNOWN)), JSON)
def test_any_json_is_judged(name: str, value: Any) -> None:  # noqa: ANN401 - JSON
    problem = KNOWN[name].problem(value)
    assert problem is None or problem.startswith("must ")


def test_secrets_are_known_by_their_names() -> None:
    def parameter(name: str, **more: Any) -> Parameter:  # noqa: ANN401 - fields
        return Parameter(name=name, type="string", restart_required=False, description="", **more)

    assert parameter("ssl_passphrase").secret
    assert parameter("report_password").secret
    assert not parameter("password_encryption", choices=("md5", "scram-sha-256")).secret
    assert not any(known.secret for known in KNOWN.values())
