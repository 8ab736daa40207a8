"""What engines without peer authentication rest on: signed tokens, and InfluxQL that says only what it is to say."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from datastores.catalog import catalog
from datastores.etcd.engine import config as etcd_config
from datastores.etcd.engine.node import Node
from datastores.host import bearer
from datastores.host.engine import Engine, Version
from datastores.host.errors import BadRequest
from datastores.host.facts import Facts
from datastores.host.names import NameRules
from datastores.influxdb.engine.influxql import name, text
from datastores.victoriametrics import make_parameters

ESCAPES = {"n": "\n", "\\": "\\", '"': '"', "'": "'"}
"""Of the scanner of InfluxQL ("Strings" in its specification)."""
HELP = """\
  -search.maxConcurrentRequests int
    \tThe maximum number of concurrent search requests (default 4)
  -storageDataPath string
    \tPath to storage data (default "victoria-metrics-data")
  -search.maxQueryLen size
    \tThe maximum search query length in bytes
    \tSupports the following optional suffixes for size values: KB, MB, GB, KiB, MiB, GiB (default 16384)
  -sortLabels
    \tWhether to sort labels
"""


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    """A host with a volume of 2 GB."""
    made = Facts("h", "local", tmp_path, "127.0.0.1", None, "python3", {}, 512, 1, 2)
    made.prepare()
    return made


def etcd(facts: Facts) -> Node:
    """An etcd server of the host."""
    return Node(Engine("etcd", None, facts, Version("3.4", "3.4", Path("/usr/bin"), (2379,), "etcd", NameRules())))


def test_a_token_is_signed_for_a_minute_with_a_key_that_only_the_engine_reads(facts: Facts) -> None:
    token = bearer.sign(facts, {"username": "root"})
    path = bearer.key_file(facts)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text()) == 64
    found = jwt.decode(token, OctKey.import_key(path.read_text()), algorithms=["HS256"])
    assert found.claims["username"] == "root"
    assert 0 < found.claims["exp"] - time.time() <= 60
    assert bearer.key_file(facts).read_text() == path.read_text()


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")))
def test_what_is_quoted_is_read_as_it_was(content: str) -> None:
    for quoted, quote in ((name(content), '"'), (text(content), "'")):
        assert read(quoted, quote) == content


def read(quoted: str, quote: str) -> str:
    """What InfluxQL's scanner reads; fails where it would see an end or a mistake."""
    assert quoted[0] == quoted[-1] == quote
    found, rest = "", iter(quoted[1:-1])
    for character in rest:
        assert character not in {quote, "\n"}
        found += ESCAPES[next(rest)] if character == "\\" else character
    return found


def test_what_influxql_cannot_say_is_refused() -> None:
    with pytest.raises(BadRequest):
        text("a\0b")


@pytest.mark.parametrize(("asked", "written"), [(2**33, int(2 * 2**30 * 0.6)), (2**20, 2**20)])
def test_etcds_quota_leaves_room_on_the_volume(facts: Facts, asked: int, written: int) -> None:
    node = etcd(facts)
    etcd_config.write(node, {"quota-backend-bytes": asked})
    document: dict[str, Any] = json.loads(node.conf.read_text())
    assert document["quota-backend-bytes"] == written
    assert not etcd_config.has_tls(node)


def test_a_setting_cannot_take_what_the_service_owns(facts: Facts) -> None:
    node = etcd(facts)
    etcd_config.write(node, {"auth-token": "simple", "listen-peer-urls": "http://0.0.0.0:2380"})
    document: dict[str, Any] = json.loads(node.conf.read_text())
    assert document["auth-token"].startswith("jwt,")
    assert document["listen-peer-urls"] == "unix://peer:0"


def test_victoriametrics_flags_become_parameters() -> None:
    found = {parameter["name"]: parameter for parameter in make_parameters.parameters(HELP)}
    assert set(found) == {"search.maxConcurrentRequests", "search.maxQueryLen", "sortLabels"}
    assert (found["search.maxConcurrentRequests"]["type"], found["search.maxConcurrentRequests"]["min"]) == (
        "integer",
        1,
    )
    assert found["search.maxQueryLen"]["description"] == "The maximum search query length in bytes"
    assert found["sortLabels"]["type"] == "boolean"


def test_every_parameter_of_victoriametrics_takes_a_restart() -> None:
    described = catalog().version("victoriametrics", None).parameters()
    assert all(parameter.restart_required for parameter in described.values())
    assert described["retentionPeriod"].problem("6h") is not None
    assert described["retentionPeriod"].problem("2y") is None
