"""Redis' configuration file: what is written is read as it was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.host.errors import BadRequest
from datastores.redis.engine import config

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "a": "\a"}


def read(line: str) -> str:
    """The last argument of a line as sdssplitargs of Redis' sds.c reads it."""
    quoted = line.partition(' "')[2]
    found, position = bytearray(), 0
    while quoted[position] != '"':
        if quoted[position] == "\\":
            position += 1
            if quoted[position] == "x":
                found += bytes.fromhex(quoted[position + 1 : position + 3])
                position += 2
            else:
                found += ESCAPES.get(quoted[position], quoted[position]).encode()
        else:
            found += quoted[position].encode()
        position += 1
    assert quoted[position + 1 :] == "\n"
    return found.decode()


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_is_one_argument_of_one_line(text: str) -> None:
    line = config.lines({"name": text})
    assert line.count("\n") == 1
    assert read(line) == config.value(text)


@pytest.mark.parametrize(
    ("setting", "written"),
    [(True, "yes"), (False, "no"), (7, "7"), ("64MB", str(64 << 20)), ("1 kB", "1024"), ("allkeys-lru", "allkeys-lru")],
)
def test_values_are_as_the_server_reads_them(setting: object, written: str) -> None:
    assert config.value(setting) == written


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "Dir", "-a"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(BadRequest):
        config.lines({name: 1})


def test_the_names_of_the_tenants_settings_are_known_again() -> None:
    content = config.lines({"hz": 10, "maxmemory": "64MB"})
    assert config.names(content) == {"hz", "maxmemory"}
