"""The state directory: what is refused, and in which words."""

import os
import shutil
from pathlib import Path

import pytest

from deploy.local.errors import StateError
from deploy.local.state import State


def prepared(path: Path) -> State:
    state = State.at(path / "s")
    state.prepare(os.geteuid(), os.getegid())
    return state


def test_it_is_prepared_twice_and_private(tmp_path: Path) -> None:
    state = prepared(tmp_path)
    state.prepare(os.geteuid(), os.getegid())
    assert state.exists()
    modes = {name: (state.path / name).stat().st_mode & 0o777 for name in ("run", "secrets", "data", "log")}
    assert set(modes.values()) == {0o700}


def test_another_version_is_refused(tmp_path: Path) -> None:
    state = prepared(tmp_path)
    (state.path / "version").write_text("99\n")
    with pytest.raises(StateError, match=r"state version 99.*destroy"):
        state.check()


def test_a_long_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="bytes too long for a Unix socket"):
        State.at(tmp_path / ("x" * 120)).check()


def test_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=100 * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(StateError, match=r"only 100 MB are free.*make room"):
        State.at(tmp_path / "s").check()


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match=r"cannot write to .*file/s .*choose another"):
        State.at(tmp_path / "file" / "s").prepare(os.geteuid(), os.getegid())


def test_the_lock_is_seen_by_other_processes(tmp_path: Path) -> None:
    state = prepared(tmp_path)
    assert not state.running()
    held, done = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        lock = state.lock()
        os.write(held[1], b"x" if lock else b"-")
        os.read(done[0], 1)
        os._exit(0)
    assert os.read(held[0], 1) == b"x"
    assert state.running()
    assert state.lock() is None
    os.write(done[1], b"x")
    os.waitpid(pid, 0)
    assert not state.running()


def test_services_that_were_asked_for_stay(tmp_path: Path) -> None:
    state = prepared(tmp_path)
    assert state.extras() == []
    for _again in range(2):
        state.add_extras(["barbican"])
    assert state.extras() == ["barbican"]
