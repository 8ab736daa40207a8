"""Segments over the wire: cut right, whole in spite of faults, verified when read, and given up when told so."""

from __future__ import annotations

import hashlib
import random
from collections import deque

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastores.host import download, tempurl
from datastores.host.errors import DamagedBackup, StorageError, StorageRefused
from datastores.host.tempurl import Retry
from datastores.host.upload import SegmentUploader
from datastores.protocol import codec
from datastores.protocol.codec import ProtocolError
from datastores.protocol.manifest import INDEX, Segment
from datastores.protocol.storage import Prefix
from tests.support.tempurl_sink import ROOT, Fault, TempUrlSink

QUICK = Retry(first=0.01, longest=0.02, give_up=5)


def store(sink: TempUrlSink, method: str, retry: Retry = QUICK) -> tempurl.Store:
    """The store as a host sees it."""
    return tempurl.Store(Prefix(**sink.address(method, "b")), retry)


def upload(sink: TempUrlSink, blocks: list[bytes], size: int, retry: Retry = QUICK) -> tuple[Segment, ...]:
    """Upload blocks as segments of a size."""
    uploader = SegmentUploader(store(sink, "PUT", retry), size)
    for block in blocks:
        uploader.write(memoryview(block))
    return uploader.finish()


def fetched(sink: TempUrlSink, segments: tuple[Segment, ...]) -> bytes:
    """The stream of the segments."""
    return b"".join(bytes(block) for block in download.stored_stream(store(sink, "GET"), segments))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blocks=st.lists(st.binary(max_size=300), max_size=8), size=st.integers(1, 400))
def test_any_stream_is_cut_and_joined_again(sink: TempUrlSink, blocks: list[bytes], size: int) -> None:
    data = b"".join(blocks)
    segments = upload(sink, blocks, size)
    assert [segment.size_bytes for segment in segments[:-1]] == [size] * (len(segments) - 1)
    assert sum(segment.size_bytes for segment in segments) == len(data)
    assert b"".join(sink.objects[f"{ROOT}b/{segment.path}"] for segment in segments) == data
    assert [segment.sha256 for segment in segments] == [
        hashlib.sha256(data[start : start + size]).hexdigest() for start in range(0, len(data), size)
    ]
    assert fetched(sink, segments) == data if segments else not data


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.RESET, Fault.WRONG_ETAG])
def test_an_upload_outlives_faults(sink: TempUrlSink, fault: Fault) -> None:
    sink.faults = deque([fault] * 3)
    data = random.Random(1).randbytes(1 << 20)
    segments = upload(sink, [data], 1 << 18)
    assert b"".join(sink.objects[f"{ROOT}b/{segment.path}"] for segment in segments) == data
    assert not sink.faults


def test_an_upload_gives_up_at_once_when_refused(sink: TempUrlSink) -> None:
    sink.faults = deque([Fault.UNAUTHORIZED])
    with pytest.raises(StorageRefused, match="with 401") as caught:
        upload(sink, [bytes(1000)] * 100, 1000)
    assert not caught.value.retryable
    assert sink.order == []
    assert "temp_url_sig" not in str(caught.value)


def test_an_upload_gives_up_in_the_end(sink: TempUrlSink) -> None:
    sink.faults = deque([Fault.UNAVAILABLE] * 1000)
    with pytest.raises(StorageError, match="answered 503 to PUT segments/00000001") as caught:
        upload(sink, [b"x"], 10, Retry(0.01, 0.02, 0.2))
    assert caught.value.retryable


def test_a_store_that_is_away_is_named_without_the_capability(sink: TempUrlSink) -> None:
    address = sink.address("GET", "b") | {"url_prefix": "http://127.0.0.1:9/v1/b/"}
    with pytest.raises(StorageError, match="cannot be reached") as caught:
        tempurl.Store(Prefix(**address), Retry(0.01, 0.02, 0.1)).get(INDEX)
    assert "temp_url_sig" not in str(caught.value)


def test_a_wrong_signature_is_refused(sink: TempUrlSink) -> None:
    with pytest.raises(StorageRefused, match="with 401"):
        store(sink, "PUT").get(INDEX)


def test_a_broken_download_goes_on_where_it_broke(sink: TempUrlSink) -> None:
    data = random.Random(2).randbytes(100_000)
    segments = upload(sink, [data], 50_000)
    sink.faults = deque([Fault.RESET, Fault.UNAVAILABLE, Fault.RESET])
    assert fetched(sink, segments) == data
    assert sink.ranges[0] == "bytes=25000-"


def test_a_damaged_download_is_not_used(sink: TempUrlSink) -> None:
    segments = upload(sink, [bytes(1000)], 500)
    sink.faults = deque([Fault.DAMAGED])
    with pytest.raises(DamagedBackup, match="segments/00000001"):
        fetched(sink, segments)


def test_a_segment_of_another_size_is_not_used(sink: TempUrlSink) -> None:
    (segment,) = upload(sink, [bytes(1000)], 1000)
    sink.objects[f"{ROOT}b/{segment.path}"] += b"more"
    with pytest.raises(StorageError, match="ended segments/00000001"):
        retry = Retry(0.01, 0.02, 0.1)
        list(download.stored_stream(store(sink, "GET", retry), (segment,)))


def test_a_wrong_description_is_a_damaged_backup(sink: TempUrlSink) -> None:
    sink.objects[f"{ROOT}b/{INDEX}"] = b"{}"
    with pytest.raises(DamagedBackup, match=r"segments\.json is not the description of a backup: segments is missing"):
        download.manifest(store(sink, "GET"))


@pytest.mark.parametrize(
    "address", [None, {}, {"url_prefix": 1, "query": ""}, {"url_prefix": "file:///x", "query": ""}]
)
def test_a_malformed_address_is_refused(address: object) -> None:
    with pytest.raises(ProtocolError, match=r"it must be|url_prefix"):
        codec.decode(Prefix, address)
