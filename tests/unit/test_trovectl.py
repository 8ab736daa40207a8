"""trovectl without a running cloud: help, and errors in one line."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.local import tail
from deploy.local.cli import main
from deploy.local.services.swift_cache import MemoryCache


def run(path: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--state", str(path), *words])


@pytest.mark.parametrize("command", ["up", "down", "status", "destroy", "logs", "demo", "datastores"])
def test_every_command_has_help(command: str, tmp_path: Path) -> None:
    assert run(tmp_path, command, "--help").exit_code == 0
    assert command in CliRunner().invoke(main, ["--help"]).output


def test_status_of_nothing(tmp_path: Path) -> None:
    shown = run(tmp_path / "s", "status")
    assert shown.exit_code == 1
    assert "Not running" in shown.output


def test_down_of_nothing_is_no_error(tmp_path: Path) -> None:
    assert run(tmp_path / "s", "down").exit_code == 0


def test_destroy_spares_what_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    refused = run(tmp_path, "destroy", "--yes")
    assert refused.exit_code == 1
    assert "remove it yourself" in refused.output
    assert (tmp_path / "precious").exists()


def test_destroy_asks(tmp_path: Path) -> None:
    assert "Aborted" in CliRunner().invoke(main, ["--state", str(tmp_path), "destroy"], input="n\n").output


def test_logs_of_one_and_of_all(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "heat.log").write_text("a\nb\n")
    (tmp_path / "log" / "swift.log").write_text("c\n")
    assert run(tmp_path, "logs", "heat", "-n", "1").output == "b\n"
    assert run(tmp_path, "logs").output == "heat  a\nheat  b\nswift  c\n"
    assert "choose one of heat, swift" in run(tmp_path, "logs", "nova").output


def test_following_prints_whole_lines_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "heat.log"
    log.write_text("one\ntw")
    position = tail._print_new(log, 0, prefix=False)
    log.write_text("one\ntwo\n")
    tail._print_new(log, position, prefix=False)
    assert capsys.readouterr().out == "one\ntwo\n"


def test_the_cache_of_swift_expires_and_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("deploy.local.services.swift_cache.time.monotonic", lambda: now[0])
    cache = MemoryCache()
    cache.set("a", 1, time=5)
    cache.set("b", 2)
    assert cache.get_multi(["a", "b", "c"], "x") == [1, 2, None]
    now[0] += 6
    assert cache.get("a") is None
    assert (cache.incr("n", 2), cache.decr("n", 5)) == (2, 0)
