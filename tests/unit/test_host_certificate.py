"""A certificate on its host: always a whole pair, private, and the last one delivered."""

from __future__ import annotations

import stat
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from datastores.host import certificate
from datastores.host.engine import Engine, Version
from datastores.host.errors import BadRequest
from datastores.host.facts import Facts
from datastores.host.names import NameRules
from datastores.host.roles import server, tls
from datastores.protocol import codec
from datastores.protocol.codec import ProtocolError
from datastores.protocol.engine import Certificate, EngineReport, EngineStatus, RenewCertificate
from datastores.protocol.tls import TlsMode
from tests.support.job_host import facts_of
from tests.support.tls import certified, for_tls


class Server(server.Server):
    """A database that runs, or not."""

    runs = True

    def install(self) -> None: ...
    def initialize(self) -> None: ...
    def configure(self, settings: dict[str, Any]) -> None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...

    def status(self) -> EngineStatus:
        return EngineStatus(self.runs)


class Tls(tls.Tls):
    """TLS that is served, and whose certificate is reloaded, or not."""

    is_served = reloads = True

    def served(self) -> bool:
        return self.is_served

    def reload(self) -> bool:
        return self.reloads


class SomeEngine(Engine):
    """An engine whose roles are in this module."""

    def module(self, name: str) -> ModuleType | None:
        return sys.modules[__name__] if name in {"server", "tls"} else None


@pytest.fixture
def engine(tmp_path: Path) -> SomeEngine:
    facts = facts_of(tmp_path)
    facts.prepare()
    return SomeEngine("some", None, facts, Version("1", "1", tmp_path, (1,), "none", NameRules()))


def delivery(word: str) -> Certificate:
    return Certificate(f"certificate {word}", f"private_key {word}", f"authority {word}", f"expires {word}")


def contents(facts: Facts) -> list[str]:
    return [path.read_text() for path in (facts.certificate, facts.private_key, facts.authority)]


def test_a_delivery_replaces_the_one_before_and_leaves_nothing_of_it(engine: SomeEngine) -> None:
    facts = engine.facts
    assert not facts.has_certificate
    for word in ("one", "two"):
        certificate.deliver(engine.facts, delivery(word))
        assert facts.has_certificate
        assert contents(facts) == [f"certificate {word}", f"private_key {word}", f"authority {word}"]
    assert len(list(facts.conf.glob("tls.*"))) == 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in facts.conf.glob("tls.*/*")} == {0o600}


def test_without_a_delivery_all_stays(engine: SomeEngine) -> None:
    certificate.deliver(engine.facts, None)
    assert not engine.facts.has_certificate
    assert certificate.report(engine, None) == EngineReport()


def test_files_from_elsewhere_and_remains_of_a_crash_give_way(engine: SomeEngine) -> None:
    facts = engine.facts
    for path in (facts.certificate, facts.private_key):
        path.write_text("from elsewhere")
    (facts.conf / "tls.crashed").mkdir()
    certificate.deliver(engine.facts, delivery("new"))
    assert contents(facts)[0] == "certificate new"
    assert not (facts.conf / "tls.crashed").exists()


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (None, EngineReport(tls=True, certificate_expires="expires new")),
        ((Tls, "reloads"), EngineReport(restart_required=True)),
        ((Tls, "is_served"), EngineReport()),
        ((Server, "runs"), EngineReport()),
    ],
)
def test_a_renewal_says_what_became_of_it(
    engine: SomeEngine, monkeypatch: pytest.MonkeyPatch, state: tuple[type, str] | None, said: EngineReport
) -> None:
    if state is not None:
        monkeypatch.setattr(*state, False)
    assert certificate.renew(engine, delivery("new")) == said


def pair(mode: TlsMode, name: str = "own") -> Certificate:
    """A certificate that a server can use."""
    authority = certified("authority")
    own = for_tls(name, authority)
    return Certificate(own.text, own.key_text, authority.text, "some day", mode, f"who certifies clients of {name}")


def test_a_mode_stays_with_its_certificate(engine: SomeEngine) -> None:
    modes = [engine.facts.tls_mode]
    delivered = pair(TlsMode.MTLS)
    assert certificate.change(engine, delivered, {}) == EngineReport(None, False, True, "some day")
    modes.append(engine.facts.tls_mode)
    assert engine.facts.client_authority.read_text() == delivered.client_authority
    assert certificate.shown(engine.facts).certificate == delivered.certificate
    certificate.deliver(engine.facts, delivery("next"))
    assert [*modes, engine.facts.tls_mode] == [TlsMode.BUILTIN, TlsMode.MTLS, TlsMode.BUILTIN]


def test_a_server_that_reads_its_mode_at_its_start_waits_for_that(
    engine: SomeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tls, "reloads", False)
    assert certificate.change(engine, pair(TlsMode.BASIC), {}).restart_required
    monkeypatch.setattr(Server, "runs", False)
    assert not certificate.change(engine, pair(TlsMode.BASIC), {}).restart_required


def test_a_pair_that_does_not_belong_together_changes_nothing(engine: SomeEngine) -> None:
    certificate.deliver(engine.facts, before := pair(TlsMode.ENFORCED))
    wrong = replace(pair(TlsMode.BASIC), private_key=pair(TlsMode.BASIC).private_key)
    with pytest.raises(BadRequest, match=r"cannot be used: .*MISMATCH") as refusal:
        certificate.change(engine, wrong, {})
    assert "PRIVATE" not in str(refusal.value)
    assert certificate.shown(engine.facts).certificate == before.certificate
    assert engine.facts.tls_mode == TlsMode.ENFORCED
    assert not list(engine.facts.run.iterdir())


def test_a_start_says_whether_there_is_tls(engine: SomeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert certificate.report(engine, delivery("new")) == EngineReport(tls=True, certificate_expires="expires new")
    monkeypatch.setattr(Tls, "is_served", False)
    assert certificate.report(engine, delivery("new")) == EngineReport(tls=False)


def test_a_wrong_delivery_is_told_without_its_key() -> None:
    wrong = {"tls": {"certificate": 7, "private_key": "a canary"}}
    with pytest.raises(ProtocolError, match=r"tls\.authority") as refusal:
        codec.decode(RenewCertificate, wrong)
    assert "canary" not in str(refusal.value)
    assert "private_key new" not in repr(delivery("new"))
