"""A certificate on its host: always a whole pair, private, and the last one delivered."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from datastores.host import certificate
from datastores.host.engine import Engine, Version
from datastores.host.facts import Facts
from datastores.host.names import NameRules
from datastores.protocol import codec
from datastores.protocol.codec import ProtocolError
from datastores.protocol.engine import Certificate, EngineReport, EngineStatus, RenewCertificate
from tests.support.job_host import facts_of


class SomeEngine(Engine):
    """A database that runs with TLS and reloads, or not."""

    runs = has_tls = reloads = True

    def install(self) -> None: ...
    def initialize(self) -> None: ...
    def configure(self, settings: dict[str, Any]) -> None: ...
    def limit_access(self, cidrs: list[str]) -> None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...

    def status(self) -> EngineStatus:
        return EngineStatus(self.runs)

    def tls(self) -> bool:
        return self.has_tls

    def reload_certificate(self) -> bool:
        return self.reloads


@pytest.fixture
def engine(tmp_path: Path) -> SomeEngine:
    facts = facts_of(tmp_path)
    facts.prepare()
    return SomeEngine(facts, Version("1", "1", tmp_path, (1,), "none", NameRules()))


def delivery(word: str) -> Certificate:
    return Certificate(f"certificate {word}", f"private_key {word}", f"authority {word}", f"expires {word}")


def contents(facts: Facts) -> list[str]:
    return [path.read_text() for path in (facts.certificate, facts.private_key, facts.authority)]


def test_a_delivery_replaces_the_one_before_and_leaves_nothing_of_it(engine: SomeEngine) -> None:
    facts = engine.facts
    assert not facts.has_certificate
    for word in ("one", "two"):
        certificate.deliver(engine, delivery(word))
        assert facts.has_certificate
        assert contents(facts) == [f"certificate {word}", f"private_key {word}", f"authority {word}"]
    assert len(list(facts.conf.glob("tls.*"))) == 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in facts.conf.glob("tls.*/*")} == {0o600}


def test_without_a_delivery_all_stays(engine: SomeEngine) -> None:
    certificate.deliver(engine, None)
    assert not engine.facts.has_certificate
    assert certificate.report(engine, None) == EngineReport()


def test_files_from_elsewhere_and_remains_of_a_crash_give_way(engine: SomeEngine) -> None:
    facts = engine.facts
    for path in (facts.certificate, facts.private_key):
        path.write_text("from elsewhere")
    (facts.conf / "tls.crashed").mkdir()
    certificate.deliver(engine, delivery("new"))
    assert contents(facts)[0] == "certificate new"
    assert not (facts.conf / "tls.crashed").exists()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({}, EngineReport(tls=True, certificate_expires="expires new")),
        ({"reloads": False}, EngineReport(restart_required=True)),
        ({"has_tls": False}, EngineReport()),
        ({"runs": False}, EngineReport()),
    ],
)
def test_a_renewal_says_what_became_of_it(engine: SomeEngine, state: dict[str, bool], said: EngineReport) -> None:
    for name, value in state.items():
        setattr(engine, name, value)
    assert certificate.renew(engine, delivery("new")) == said


def test_a_start_says_whether_there_is_tls(engine: SomeEngine) -> None:
    assert certificate.report(engine, delivery("new")) == EngineReport(tls=True, certificate_expires="expires new")
    engine.has_tls = False
    assert certificate.report(engine, delivery("new")) == EngineReport(tls=False)


def test_a_wrong_delivery_is_told_without_its_key() -> None:
    wrong = {"tls": {"certificate": 7, "private_key": "a canary"}}
    with pytest.raises(ProtocolError, match=r"tls\.authority") as refusal:
        codec.decode(RenewCertificate, wrong)
    assert "canary" not in str(refusal.value)
    assert "private_key new" not in repr(delivery("new"))
