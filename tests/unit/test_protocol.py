"""Messages between the control side and hosts: read as they were written, and refused by name where they are wrong."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datastores.host.actions import ACTIONS
from datastores.host.calls import CALLS
from datastores.protocol import codec, requests
from datastores.protocol.accounts import Database, User, UserChange
from datastores.protocol.codec import ProtocolError
from datastores.protocol.engine import Settings
from datastores.protocol.manifest import Manifest, Segment, parse, segment_path
from datastores.protocol.replication import Credential, Member
from datastores.protocol.requests import Call, CancelJob, Change, PollJob, Request, StartJob
from datastores.protocol.storage import Prefix
from datastores.protocol.turns import Lock
from datastores.protocol.work import CHANGES, JOBS, READS

MD5, SHA256 = "0" * 32, "0" * 64
SEGMENTS = tuple(Segment(segment_path(number), MD5, 5, SHA256) for number in (1, 2))
WHOLE = Manifest(SEGMENTS, 20, 10, "zstd", "tar", "18.6", parent="p", state=Segment("state", MD5, 3, SHA256))
Damage = Callable[[dict[str, Any]], object]
WORK = {**JOBS, **READS, **CHANGES}
UPLOAD = {"url_prefix": "https://store.test/v1/b/", "query": "temp_url_sig=canary"}
USER = {"name": "alice", "password": "a canary", "host": None, "databases": ["shop"]}
ME = {"id": "a1", "address": "10.0.0.1", "port": 5432}
SECRET = {"secret": "a-canary-of-the-group"}
ADMIT = {"epoch": 1, "me": ME, "credential": SECRET, "members": []}
REPLICATE = {"epoch": 1, "me": ME, "primary": ME, "source": ME, "credential": SECRET, "seed": "op-1", "settings": {}}
REQUESTS: tuple[Request, ...] = (
    StartJob("op-1", 3, Lock.EXCLUSIVE, "postgresql", "18", "stop", {}, 60),
    Change("op-1", 3, Lock.ACCOUNTS, "postgresql", "18", "delete_database", {"name": "shop"}, 60, 10.0),
    PollJob("op-1", 10.0),
    CancelJob("op-1", 3, Lock.COPYING),
    Call("postgresql", "18", "status", {}),
)
FILLED = st.text(min_size=1)
FIELDS: dict[object, st.SearchStrategy[Any]] = {
    Settings: st.dictionaries(FILLED, st.integers() | st.booleans() | st.text()),
    "allowed_cidrs": st.lists(st.ip_addresses().map(str)).map(tuple),
    tuple[Database, ...]: st.lists(st.builds(Database, name=FILLED)).map(tuple),
    tuple[User, ...]: st.lists(st.builds(User, name=FILLED, password=FILLED)).map(tuple),
    tuple[UserChange, ...]: st.lists(st.builds(UserChange, name=FILLED)).map(tuple),
    tuple[Prefix, ...]: st.just((codec.decode(Prefix, UPLOAD),)),
    "segment_bytes": st.integers(1),
    "password": FILLED,
    "begun": st.datetimes().map(datetime.isoformat),
    "epoch": st.integers(1),
    "seed": st.just("op-1"),
    "seconds": st.floats(0, 20),
    "quorum": st.just(0),
}
"""What fields that have rules may hold, by their names or types."""
st.register_type_strategy(Credential, st.just(Credential("a-canary-of-the-group")))
st.register_type_strategy(Member, st.builds(Member, id=st.just("a1"), address=st.just("10.0.0.1"), port=st.just(5432)))
st.register_type_strategy(Prefix, FIELDS[tuple[Prefix, ...]].map(lambda prefixes: prefixes[0]))


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
def test_a_wrong_manifest_is_refused_by_name(change: Damage, words: str) -> None:
    document = json.loads(WHOLE.to_json())
    change(document)
    with pytest.raises(ProtocolError, match=words):
        parse(json.dumps(document).encode())


def test_the_host_does_all_work_that_it_can_be_asked_for() -> None:
    assert set(ACTIONS) == set(JOBS)
    assert set(CALLS) == {*READS, *CHANGES}


@pytest.mark.parametrize("name", WORK)
@given(data=st.data())
@settings(max_examples=20, deadline=None, database=None)
def test_work_is_read_as_it_was_written(name: str, data: st.DataObject) -> None:
    kinds = get_type_hints(WORK[name])
    drawn = {field: FIELDS.get(field, FIELDS.get(kind, st.from_type(kind))) for field, kind in kinds.items()}
    work = WORK[name](**{field: data.draw(strategy) for field, strategy in drawn.items()})
    assert codec.decode(WORK[name], json.loads(json.dumps(codec.encode(work)))) == work


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_is_read_as_it_was_written(request_: Request) -> None:
    assert requests.read(json.loads(json.dumps(requests.write(request_)))) == request_


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "not a JSON object"),
        ({}, "there is no command None: there are call, change, job.cancel, job.poll, job.start"),
        ({"command": "dance"}, "there is no command 'dance'"),
        ({"command": "job.poll"}, "job_id is missing"),
        ({"command": "job.poll", "job_id": "../x"}, "is not a word"),
        ({"command": "job.poll", "job_id": "x", "wait": "1"}, "wait must be of type float, not str"),
        (
            {"command": "job.cancel", "job_id": "x", "fence": 1, "lock": "some"},
            "lock must be one of exclusive, copying",
        ),
    ],
)
def test_a_wrong_request_is_refused_by_name(document: object, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        requests.read(document)


@pytest.mark.parametrize(
    ("name", "document", "words"),
    [
        ("create", {}, "settings is missing"),
        ("create", {"settings": [], "users": []}, "settings must be of type dict, not list"),
        ("create", {"settings": {}, "users": [USER | {"password": ""}]}, r"users\[0\]\.password must not be empty"),
        ("create", {"settings": {}, "users": [USER | {"name": 7}]}, r"users\[0\]\.name must be of type str, not int"),
        ("create", {"settings": {}, "databases": [{"name": ""}]}, r"databases\[0\]\.name must not be empty"),
        ("create", {"settings": {}, "download": []}, "download is not known"),
        ("restore", {"settings": {}}, "download must name a full backup"),
        ("backup", {"upload": UPLOAD, "segment_bytes": 0}, "segment_bytes must be positive"),
        (
            "backup",
            {"upload": UPLOAD | {"url_prefix": "file:///x"}, "segment_bytes": 1},
            "upload.url_prefix must be",
        ),
        ("publish_log", {"name": "general"}, "log_type is missing"),
        ("fence", {"epoch": 0}, "epoch must be positive"),
        ("admit", ADMIT | {"credential": {"secret": "canary"}}, "credential.secret must have 16 to 32"),
        ("admit", ADMIT | {"members": [ME | {"address": "here"}]}, r"members\[0\].address must be one"),
        ("admit", ADMIT | {"members": [ME | {"id": "'"}]}, r"members\[0\].id .* is not a word"),
        ("admit", ADMIT | {"me": ME | {"port": 0}}, "me.port must be from 1 to 65535"),
        ("await_position", {"history": 1, "replayed": 1, "seconds": 21.0}, "seconds must be from 0 to 20"),
        ("synchronous", {"epoch": 1, "quorum": 1}, "quorum must be from 0 to the number of members"),
        ("replicate", REPLICATE | {"seed": ""}, "seed must be a word"),
        ("replicate", REPLICATE | {"allowed_cidrs": ["x"]}, "allowed_cidrs must be networks"),
    ],
)
def test_wrong_work_is_refused_by_name(name: str, document: dict[str, Any], words: str) -> None:
    with pytest.raises(ProtocolError, match=words) as refusal:
        codec.decode(WORK[name], document)
    assert "canary" not in str(refusal.value)


def test_no_secret_is_in_what_a_message_looks_like() -> None:
    for name, document in (
        ("create_users", {"users": [USER]}),
        ("enable_root", {"password": "a canary"}),
        ("backup", {"upload": UPLOAD, "segment_bytes": 1}),
        ("admit", ADMIT),
        ("replicate", REPLICATE),
    ):
        assert "canary" not in repr(codec.decode(WORK[name], document))
        assert "canary" not in repr(StartJob("j", 1, Lock.ACCOUNTS, "d", "1", name, document, 1))
