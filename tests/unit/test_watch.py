"""The live view of trovectl: rates of totals, requests counted in a log, and what is drawn of given figures."""

from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from rich.console import Console

from deploy.local.cli import main
from deploy.local.hosts.processes import root_of
from deploy.local.status import Phase, UnitStatus
from deploy.local.watch.rates import Rate, ServedRequests
from deploy.local.watch.screen import render
from deploy.local.watch.usage import usage
from deploy.local.watch.view import HostView, OperationView, RatesView, ServiceView, Usage, View

AT = datetime(2026, 1, 2, 3, 4, 5)


def drawn(view: View, width: int = 120) -> list[str]:
    """The lines that a view has on a screen of some width, blanks shortened to one."""
    console = Console(file=StringIO(), width=width, force_terminal=False)
    console.print(render(view))
    assert isinstance(console.file, StringIO)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def view(**more: object) -> View:
    """A cloud that is ready."""
    fields = {"path": Path("/c"), "at": AT, "running": True, "ready": True} | more
    return View(**fields)  # type: ignore[arg-type]


def test_a_rate_is_that_of_its_span() -> None:
    rate = Rate(10)
    rate.add(0, 100)
    assert rate.per_second is None, "one total has no rate"
    rate.add(5, 110)
    assert rate.per_second == 2.0
    for second in range(6, 21):
        rate.add(second, 110)
    assert rate.per_second == 0.0, "what was before the span does not count"


def test_a_total_that_falls_begins_anew() -> None:
    rate = Rate(10)
    rate.add(0, 100)
    rate.add(1, 3)
    assert rate.per_second is None
    rate.add(2, 4)
    assert rate.per_second == 1.0


def test_requests_are_counted_from_the_first_look_on(tmp_path: Path) -> None:
    log = tmp_path / "entrypoint.log"
    requests = ServedRequests(log)
    assert requests.total() == 0, "no log yet"
    line = '{"event": "request served", "ms": 1}\n'
    log.write_text(line * 5)
    assert requests.total() == 0, "what was there before"
    with log.open("a") as file:
        file.write(line + '{"event": "started"}\n' + line + line[:20])
    assert requests.total() == 2
    with log.open("a") as file:
        file.write(line[20:])
    assert requests.total() == 3, "a line that was half there"
    log.write_text(line)
    assert requests.total() == 4, "a new log"


def test_an_operation_has_phase_percent_and_seconds() -> None:
    began = AT - timedelta(seconds=12.5)
    job = OperationView("backup_create", "nightly", "RUNNING", "job.run", "upload", 43.2, began)
    queued = OperationView("instance_create", "shop", "QUEUED", "", "", None, AT)
    lines = drawn(view(operations=[job, queued]))
    [line] = [line for line in lines if line.startswith("backup_create")]
    assert line.startswith("backup_create nightly job.run upload ━")
    assert line.endswith("43 12.5")
    assert "instance_create shop QUEUED 0.0" in lines
    assert "no operation is under way" in drawn(view())


def test_rates_are_drawn_or_unknown() -> None:
    told = drawn(view(rates=RatesView(12.34, 7, 0.5)))[1]
    assert told == "12.3 operations a minute (7 in the last hour) · 0.5 API requests a second"
    assert drawn(view())[1] == "? operations a minute (? in the last hour) · ? API requests a second"


def test_services_and_hosts_are_drawn_with_what_they_use() -> None:
    up = ServiceView(UnitStatus("heat", True, Phase.READY, 42), "127.1.1.1:8004", True, Usage(2, 12.4, 99.6))
    gone = ServiceView(UnitStatus("swift", True, Phase.STARTING, None, None, 3, "killed"), "", False, Usage())
    host = HostView("abc", "127.1.1.10", "shop", "ACTIVE HEALTHY", 2, 512, Usage(7, 150.2, 61.5))
    lines = drawn(view(services=[up, gone], hosts=[host], ready=False, problem="not all (OSError)"))
    assert lines[0] == "/c 03:04:05 UTC not ready not all (OSError)"
    assert "heat 127.1.1.1:8004 42 yes 0 12 100" in lines
    assert "swift starting killed 3 0 0" in lines
    assert "abc 127.1.1.10 shop ACTIVE HEALTHY 150 / 200 62 / 512 7" in lines


def test_a_cloud_that_is_down_shows_its_hosts() -> None:
    host = HostView("abc", "127.1.1.10", "", "", 1, 512, Usage())
    lines = drawn(view(running=False, ready=False, hosts=[host]))
    assert lines[0].endswith("not running")
    assert any(line.startswith("abc") for line in lines)
    assert not any("operation" in line for line in lines)


def test_a_process_of_a_host_is_found_by_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "abc" / "data").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "abc" / "data")
    process = psutil.Process()
    assert root_of(process, tmp_path) == tmp_path / "abc"
    assert root_of(process, tmp_path / "elsewhere") is None


def test_usage_counts_what_can_be_looked_at() -> None:
    ended = psutil.Popen(["true"])
    ended.wait()
    used = usage([psutil.Process(), ended])
    assert used.processes == 1
    assert used.memory_mb > 1


def test_without_a_terminal_one_view_is_shown_and_said_so(tmp_path: Path) -> None:
    shown = CliRunner().invoke(main, ["--state", str(tmp_path / "s"), "status", "--watch"])
    assert shown.exit_code == 1
    assert "not a terminal" in shown.output
    assert "not running" in shown.output
    assert "--watch" in CliRunner().invoke(main, ["status", "--help"]).output
