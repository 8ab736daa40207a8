"""The supervisor: order, restarts, followers, stop - on real child processes that do nothing."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from datastores.host.process import start_time
from deploy.local import processes, status
from deploy.local.status import Phase
from deploy.local.supervisor import Supervisor, Unit, backoff


class Stage:
    """Units that write their name when they start; services answer while their file is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.started = path / "started"
        self.started.touch()

    def service(self, name: str, **order: tuple[str, ...]) -> Unit:
        return Unit(name, self._start(name, signal.pause), probe=lambda: True, **order)  # type: ignore[arg-type]

    def oneshot(self, name: str, **order: tuple[str, ...]) -> Unit:
        return Unit(name, self._start(name, lambda: None), **order)  # type: ignore[arg-type]

    def failing(self, name: str) -> Unit:
        return Unit(name, self._start(name, lambda: os._exit(3)))

    def starts(self) -> list[str]:
        return self.started.read_text().split()

    def _start(self, name: str, then: Callable[[], object]) -> Callable[[], int]:
        def run() -> None:
            with self.started.open("a") as file:
                file.write(f"{name}\n")
            then()

        return lambda: processes.fork(run, self.path / "log")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit
        supervisor.poll()
        time.sleep(0.005)


def current(stage: Stage) -> status.Status:
    found = status.read(stage.path)
    assert found is not None
    return found


def ready(stage: Stage) -> bool:
    return status.path(stage.path).exists() and current(stage).ready


def test_units_start_after_what_they_need(stage: Stage) -> None:
    units = [
        stage.oneshot("last", after=("middle",)),
        stage.service("middle", after=("first",)),
        stage.oneshot("first"),
    ]
    supervisor = Supervisor(units, stage.path)
    until(supervisor, lambda: ready(stage))
    supervisor.stop()
    assert stage.starts() == ["first", "middle", "last"]


def test_a_killed_service_and_its_followers_start_again(stage: Stage) -> None:
    units = [
        stage.service("database"),
        stage.service("engine", after=("database",), follows=("database",)),
        stage.oneshot("repair", after=("engine",), follows=("engine",)),
        stage.service("apart"),
    ]
    supervisor = Supervisor(units, stage.path)
    until(supervisor, lambda: ready(stage))
    pid = current(stage).unit("database").pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(supervisor, lambda: stage.starts().count("repair") == 2 and ready(stage))
    assert current(stage).unit("database").failures == 1
    assert current(stage).unit("engine").failures == 0
    supervisor.stop()
    assert sorted(stage.starts()) == sorted([*["database", "engine", "repair"] * 2, "apart"])


def test_failures_are_counted_and_described(stage: Stage) -> None:
    supervisor = Supervisor([stage.failing("bad")], stage.path)
    until(supervisor, lambda: status.path(stage.path).exists() and current(stage).unit("bad").failures >= 2)
    supervisor.stop()
    assert current(stage).unit("bad").error == "exit code 3"
    assert not current(stage).ready


def test_a_unit_that_is_asked_for_later_is_started_and_the_others_stay(stage: Stage) -> None:
    asked = [stage.service("one")]
    supervisor = Supervisor(asked, stage.path, lambda: asked)
    until(supervisor, lambda: ready(stage))
    pid = current(stage).unit("one").pid
    asked.append(stage.service("two", after=("one",)))
    supervisor.reload()
    until(supervisor, lambda: ready(stage) and len(current(stage).units) == 2)
    assert current(stage).unit("one").pid == pid
    supervisor.stop()


def test_stop_ends_all(stage: Stage) -> None:
    supervisor = Supervisor([stage.service("one"), stage.service("two")], stage.path)
    until(supervisor, lambda: ready(stage))
    pids = [unit.pid for unit in current(stage).units]
    supervisor.stop()
    assert {unit.phase for unit in current(stage).units} == {Phase.STOPPED}
    for pid in pids:
        assert pid is not None
        assert start_time(pid) is None, "it lives"


def test_backoff_grows_to_its_limit() -> None:
    assert [backoff(failures) for failures in (1, 2, 3, 4, 5, 9)] == [0.0, 0.5, 1.0, 2.0, 4.0, 15.0]


def test_a_large_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_LIMIT_BYTES", 10)
    log = tmp_path / "heat.log"
    log.write_text("x" * 11)
    processes.rotate(log)
    assert not log.exists()
    assert (tmp_path / "heat.log.1").exists()
