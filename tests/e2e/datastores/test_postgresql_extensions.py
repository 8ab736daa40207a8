"""The extensions that the catalog promises: a tenant's user creates each without being superuser, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from datastores.catalog import catalog
from tests.e2e.datastores.conftest import Hosts
from tests.support.host_driver import HostDriver

PASSWORD = "a tenant's own"
USES = {
    "pg_stat_statements": "SELECT count(*) > 0 FROM pg_stat_statements",
    "vector": "SELECT '[1,2,3]'::vector <-> '[1,2,4]'::vector = 1",
    "pgcrypto": "SELECT length(gen_salt('bf')) = 29 AND crypt('a', gen_salt('bf')) LIKE '$2a$%'",
    "uuid-ossp": "SELECT length(uuid_generate_v4()::text) = 36",
    "pg_trgm": "SELECT similarity('word', 'word') = 1",
    "citext": "SELECT 'A'::citext = 'a'",
    "hstore": "SELECT ('a=>1'::hstore -> 'a') = '1'",
    "postgis": "SELECT round(ST_X(ST_Transform('SRID=4326;POINT(13 52)'::geometry, 3857))) = 1447153",
    "unaccent": "SELECT unaccent('é') = 'e'",
}
"""What each is good for, where a version has it."""


@pytest.fixture(scope="module", params=["15", "18"])
def host(request: pytest.FixtureRequest, hosts: Hosts) -> Iterator[HostDriver]:
    """An instance with a user who owns a database."""
    made = hosts.make("postgresql", request.param)
    user = {"name": "alice", "password": PASSWORD, "host": "%", "databases": ["shop"]}
    settings = catalog().version("postgresql", request.param).settings_for(512, 2)
    state = made.run("create", "create", {"settings": settings, "databases": [{"name": "shop"}], "users": [user]})
    assert state["state"] == "succeeded", state
    yield made


def query(host: HostDriver, sql: str) -> Any:  # noqa: ANN401 - rows
    """Rows, as the user gets them."""
    with closing(psycopg2.connect(host=host.address, dbname="shop", user="alice", password=PASSWORD)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else None


def test_a_user_creates_and_uses_every_extension_of_the_catalog(host: HostDriver) -> None:
    assert query(host, "SELECT usesuper FROM pg_user WHERE usename = CURRENT_USER") == [(False,)]
    for name in host.version.extensions:
        query(host, f'CREATE EXTENSION IF NOT EXISTS "{name}" CASCADE')
    there = {name for (name,) in query(host, "SELECT extname FROM pg_extension")}
    assert there == set(host.version.extensions)
    for name, use in USES.items():
        if name in there:
            assert query(host, use) == [(True,)], name


@pytest.mark.parametrize("name", ["file_fdw", "pageinspect"])
def test_what_is_not_in_the_catalog_stays_the_superusers(host: HostDriver, name: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        query(host, f"CREATE EXTENSION {name}")
