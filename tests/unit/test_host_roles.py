"""What engines share: how roles are found, names that are checked for all of them, and the way back of a start."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from datastores.host import lifecycle, tenants
from datastores.host.engine import Engine, Version
from datastores.host.errors import BadRequest, DiskFull, EngineError, SettingsRefused, Unsupported
from datastores.host.facts import Facts
from datastores.host.last_words import LastWords, rotate, sizes
from datastores.host.names import NameRules
from datastores.host.roles import server as server_role
from datastores.host.roles import tenants as tenants_role
from datastores.host.roles import tuning as tuning_role
from datastores.host.roles.backups import Backups
from datastores.host.roles.tenants import Root
from datastores.host.settings import SettingsFile
from datastores.protocol.accounts import Database, User, UserName
from datastores.protocol.engine import EngineStatus
from tests.support.job_host import facts_of

NAMES = NameRules(reserved_databases=("own",), reserved_users=("os_admin",))


class Server(server_role.Server):
    """A server that starts with the settings `good` only."""

    def install(self) -> None: ...
    def initialize(self) -> None: ...
    def stop(self) -> None: ...

    def configure(self, settings: dict[str, Any]) -> None:
        settings_file(self.node.facts).path.write_text(settings["text"])

    def start(self) -> None:
        kept = settings_file(self.node.facts)
        if kept.path.read_text() != "good":
            raise EngineError("it does not start")
        kept.keep()

    def status(self) -> EngineStatus:
        return EngineStatus(running=True)


class Tuning(tuning_role.Tuning):
    """Settings in a file."""

    @property
    def settings_file(self) -> SettingsFile:
        return settings_file(self.node.facts)

    def reconfigure(self, settings: dict[str, Any]) -> None: ...

    def restart_required(self) -> bool:
        return not self.settings_file.is_started()


class Databases(tenants_role.Databases):
    """Databases of any name that has no dot."""

    def name_problem(self, name: str) -> str | None:
        return f"{name} has a dot" if "." in name else None

    def create(self, databases: list[Database]) -> None: ...
    def delete(self, name: str) -> None: ...
    def grant(self, user: UserName, databases: list[str]) -> None: ...
    def revoke(self, user: UserName, databases: list[str]) -> None: ...


class SomeEngine(Engine):
    """An engine whose roles are in this module."""

    def module(self, name: str) -> ModuleType | None:
        return sys.modules[__name__] if name in {"server", "tuning", "tenants"} else None


def settings_file(facts: Facts) -> SettingsFile:
    """The file of the settings."""
    return SettingsFile(facts, facts.conf / "settings")


@pytest.fixture
def engine(tmp_path: Path) -> SomeEngine:
    facts = facts_of(tmp_path)
    facts.prepare()
    return SomeEngine("some", None, facts, Version("1", "1", tmp_path, (1,), "none", NAMES))


def test_a_role_is_its_datastores_own_or_its_familys(engine: SomeEngine) -> None:
    valkey = Engine("valkey", "redis", engine.facts, engine.version)
    modules = {name: valkey.module(name) for name in ("product", "backups", "conversion")}
    assert {name: module and module.__name__ for name, module in modules.items()} == {
        "product": "datastores.valkey.engine.product",
        "backups": "datastores.redis.engine.backups",
        "conversion": None,
    }
    assert Backups.of(valkey).format == "rdb.tar"
    assert Root.find(valkey) is None
    with pytest.raises(Unsupported, match="'root'"):
        Root.of(valkey)


def test_only_the_roles_that_are_asked_for_are_imported(engine: SomeEngine) -> None:
    loaded = {name for name in sys.modules if name.startswith("datastores.memcached.engine.")}
    assert Backups.find(Engine("memcached", None, engine.facts, engine.version)) is None
    now = {name for name in sys.modules if name.startswith("datastores.memcached.engine.")}
    assert now == loaded


@pytest.mark.parametrize(("name", "wrong"), [("own", "reserved"), ("a.b", "has a dot"), ("", "1 to 63 bytes")])
def test_names_of_databases_are_checked_before_the_role_gets_them(engine: SomeEngine, name: str, wrong: str) -> None:
    user = UserName("u")
    with pytest.raises(BadRequest, match=wrong):
        tenants.delete_database(engine, name)
    with pytest.raises(BadRequest, match=wrong):
        tenants.grant(engine, user, ["fine", name])
    with pytest.raises(BadRequest, match=wrong):
        tenants.revoke(engine, user, [name])


def test_users_are_checked_before_the_role_gets_them(engine: SomeEngine) -> None:
    with pytest.raises(BadRequest, match="reserved"):
        tenants.grant(engine, UserName("os_admin"), ["fine"])
    with pytest.raises(BadRequest, match="no host"):
        tenants.revoke(engine, UserName("u", "10.0.0.1"), ["fine"])
    with pytest.raises(Unsupported, match="'users'"):
        tenants.create_users(engine, [User("u", "a password")])


def test_a_start_that_fails_goes_back_to_the_settings_that_worked(engine: SomeEngine) -> None:
    server = server_role.Server.of(engine)
    server.configure({"text": "bad"})
    with pytest.raises(EngineError, match="does not start") as refusal:
        lifecycle.bring_up(engine)
    assert not isinstance(refusal.value, SettingsRefused), "there is nothing to go back to"
    server.configure({"text": "good"})
    lifecycle.restart(engine)
    server.configure({"text": "bad"})
    assert lifecycle.restart_required(engine)
    with pytest.raises(SettingsRefused, match="runs with the settings before"):
        lifecycle.restart(engine)
    assert settings_file(engine.facts).path.read_text() == "good"
    assert not lifecycle.restart_required(engine)


def test_a_refusal_puts_back_the_settings_before(engine: SomeEngine) -> None:
    file = settings_file(engine.facts)
    file.path.write_text("one")
    assert file.before() == "one", "it was never replaced"
    file.replace("two")
    file.replace("two")
    assert (file.path.read_text(), file.before()) == ("two", "one")
    file.undo()
    assert file.path.read_text() == "one"


def test_missing_programs_are_named(engine: SomeEngine) -> None:
    (engine.node.bin / "there").touch()
    engine.node.require_programs("Some", ["there"])
    with pytest.raises(BadRequest, match=r"Some 1 is not on this host \(gone not in .*\): use an image with none"):
        engine.node.require_programs("Some", ["there", "gone"])


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("usual\nERROR: a\nERROR: b\nfine\n", "Some does not start: ERROR: a\nERROR: b"),
        ("ERROR: usual\nfine\n", "Some does not start: ERROR: usual"),
        ("fine\n\n", "Some does not start: fine"),
        ("", "it left no word in "),
    ],
)
def test_the_last_words_are_reasons_or_else_the_last_lines(tmp_path: Path, said: str, words: str) -> None:
    log = tmp_path / "log"
    log.write_text("ERROR: of the start before\n")
    since = sizes([log, tmp_path / "none"])
    with log.open("a") as file:
        file.write(said)
    found = LastWords("Some", re.compile("ERROR"), ("usual",)).failure(since)
    assert words in str(found)
    assert "before" not in str(found)
    assert not isinstance(found, DiskFull)


def test_last_words_of_a_full_volume_say_what_to_do(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("write: No space left on device\n")
    found = LastWords("Some").failure({log: 0})
    assert isinstance(found, DiskFull)
    assert "use a larger volume" in str(found)


def test_a_long_log_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    log.write_text("short")
    assert not rotate(log).exists()
    with log.open("r+b") as file:
        file.truncate((16 << 20) + 1)
    assert rotate(log) == tmp_path / "some.log.1"
    assert (log.exists(), (tmp_path / "some.log.1").exists()) == (False, True)
