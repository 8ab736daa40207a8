"""Messages between the control side and hosts: read as they were written, and refused by name where they are wrong."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from datastores.protocol.codec import ProtocolError
from datastores.protocol.manifest import Manifest, Segment, parse, segment_path

MD5, SHA256 = "0" * 32, "0" * 64
SEGMENTS = tuple(Segment(segment_path(number), MD5, 5, SHA256) for number in (1, 2))
WHOLE = Manifest(SEGMENTS, 20, 10, "zstd", "tar", "18.6", parent="p", state=Segment("state", MD5, 3, SHA256))
Change = Callable[[dict[str, Any]], object]


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert parse(WHOLE.to_json()) == WHOLE
    assert WHOLE.objects == (*SEGMENTS, WHOLE.state)


@pytest.mark.parametrize(("text", "words"), [(b"", "not JSON"), (b"[" * 10**5, "not JSON"), (b"[]", "it must be of")])
def test_what_is_no_message_is_refused(text: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        parse(text)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m.pop("format"), "format is missing"),
        (lambda m: m.update(more=1), "more is not known"),
        (lambda m: m.update(bytes_raw="20"), "bytes_raw must be of type int, not str"),
        (lambda m: m.update(bytes_raw=True), "bytes_raw must be of type int, not bool"),
        (lambda m: m.update(bytes_raw=2.5), "bytes_raw must be of type int, not float"),
        (lambda m: m.update(bytes_raw=-1), "bytes_raw or compression"),
        (lambda m: m.update(compression="rar"), r"compression \(zstd, gzip\) cannot be"),
        (lambda m: m.update(segments={}), "segments must be of type list"),
        (lambda m: m.update(segments=[]), "not numbered from 1"),
        (lambda m: m["segments"].reverse(), "not numbered from 1"),
        (lambda m: m["segments"].append(m["segments"][0]), "not numbered from 1"),
        (lambda m: m["segments"][1].pop("etag"), r"segments\[1\].etag is missing"),
        (lambda m: m["segments"][0].update(path="segments/000000000001"), "neither 'state' nor a segment's path"),
        (lambda m: m["segments"][0].update(path="../x"), "neither 'state' nor a segment's path"),
        (lambda m: m["segments"][0].update(size_bytes=0), "its size, MD5 or SHA-256 cannot be"),
        (lambda m: m["segments"][0].update(sha256="x"), "its size, MD5 or SHA-256 cannot be"),
        (lambda m: m["segments"][0].update(size_bytes=6), "not the sum"),
        (lambda m: m.update(state=m["segments"][0]), "state.path must be 'state'"),
        (lambda m: m.update(parent=7), "parent must be of type str"),
    ],
)
def test_a_wrong_manifest_is_refused_by_name(change: Change, words: str) -> None:
    document = json.loads(WHOLE.to_json())
    change(document)
    with pytest.raises(ProtocolError, match=words):
        parse(json.dumps(document).encode())
