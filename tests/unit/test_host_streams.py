"""Streams on a host: compression, pipelines of programs, and what stays out of logs."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datastores.host import pipeline, zstd
from datastores.host.errors import DamagedBackup, DiskFull, ProgramFailed
from datastores.host.process import Programs
from datastores.host.redact import Redactor
from datastores.host.streams import counted
from tests.support.job_host import facts_of

KINDS = pytest.mark.parametrize("kind", [zstd.ZSTD, zstd.GZIP])


def blocks(data: bytes, size: int) -> Iterator[memoryview]:
    """The data in writable blocks."""
    for start in range(0, len(data), size):
        yield memoryview(bytearray(data[start : start + size]))


def compressed(kind: str, data: bytes, size: int, workers: int = 1) -> bytes:
    """The data after compression."""
    out = bytearray()
    compressor = zstd.compressor(kind, out.extend, workers)
    for block in blocks(data, size):
        compressor.write(block)
    compressor.finish()
    return bytes(out)


def decompressed(kind: str, data: bytes, size: int) -> bytes:
    """The data after decompression."""
    return b"".join(bytes(block) for block in zstd.decompress(kind, blocks(data, size)))


@KINDS
@given(data=st.binary(max_size=5000), size=st.integers(1, 6000))
def test_what_goes_in_comes_out(kind: str, data: bytes, size: int) -> None:
    assert decompressed(kind, compressed(kind, data, size), size) == data


@KINDS
def test_long_streams_and_stock_tools(kind: str) -> None:
    data = random.Random(1).randbytes(1 << 20) * 3 + b"x" * (1 << 22)
    stored = compressed(kind, data, 1 << 18, workers=2)
    assert decompressed(kind, stored, 1 << 16) == data
    tool = ["gzip", "-dc"] if kind == zstd.GZIP else ["zstd", "-dc"]
    assert subprocess.run(tool, input=stored, capture_output=True, check=True).stdout == data


@KINDS
def test_a_cut_or_damaged_stream_is_noticed(kind: str) -> None:
    stored = compressed(kind, bytes(range(256)) * 500, 1000)
    with pytest.raises(DamagedBackup, match="too early"):
        decompressed(kind, stored[:-5], 1000)
    with pytest.raises(DamagedBackup):
        decompressed(kind, stored[:-5] + bytes(5), 1000)


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(facts_of(tmp_path))


def test_a_pipeline_passes_data_through(programs: Programs) -> None:
    out = bytearray()
    with pipeline.Pipeline(programs, [["echo", "hello"], ["tr", "a-z", "A-Z"]], read=True) as opened:
        opened.read_into(out.extend)
    assert out == b"HELLO\n"


def test_every_exit_code_counts_and_the_guilty_is_named(programs: Programs) -> None:
    failing = ["sh", "-c", "echo half; echo it is my fault >&2; exit 3"]
    with pytest.raises(ProgramFailed, match="sh failed with code 3: it is my fault"):
        _run(programs, [failing, ["cat"]])
    with pytest.raises(ProgramFailed, match="sh failed with code 3"):
        _run(programs, [["yes"], failing])
    with pytest.raises(ProgramFailed, match="sh was ended by signal 9"):
        _run(programs, [["sh", "-c", "kill -9 $$"], ["cat"]])


def _run(programs: Programs, commands: list[list[str]]) -> None:
    with pipeline.Pipeline(programs, commands, read=True) as opened:
        opened.read_into(lambda _block: None)


def test_a_program_that_stops_reading_is_the_error_and_not_the_broken_pipe(programs: Programs) -> None:
    source = blocks(bytes(1 << 22), 1 << 20)
    with pytest.raises(DiskFull, match="use a larger volume"):
        pipeline.load(programs, ["sh", "-c", "echo write: No space left on device >&2; exit 2"], source)


def test_an_error_of_the_sink_ends_the_programs(programs: Programs) -> None:
    def refuse(_block: memoryview) -> None:
        raise DamagedBackup("enough")

    with pytest.raises(DamagedBackup, match="enough"):
        pipeline.dump(programs, ["yes"], refuse)


def test_counted_reports_a_running_total() -> None:
    seen: list[int] = []
    sink = counted(lambda _block: None, seen.append)
    for block in blocks(b"abcdef", 4):
        sink(block)
    assert seen == [4, 6]


def test_redaction_finds_secrets_at_any_depth() -> None:
    redactor = Redactor(
        {
            "users": [{"name": "alice", "password": "pa\nss"}],
            "upload": {"url_prefix": "http://store/", "query": "temp_url_sig=abc123&temp_url_expires=9"},
        }
    )
    assert redactor.text("alice pa\nss") == "alice ***"
    assert redactor.line(b"GET /x?temp_url_sig=abc123 ss") == b"GET /x?temp_url_sig=*** ***"
    assert "abc" in redactor.text("abc")
