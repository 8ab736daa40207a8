"""The output of trovectl: the live list of units during a start, and the status tables."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table

from deploy.local import http
from deploy.local.addresses import PORTS
from deploy.local.cloud import Cloud, Progress
from deploy.local.endpoints import lifecycle
from deploy.local.status import Phase, Status, UnitStatus

_MARKS = {
    Phase.WAITING: "[dim]·[/]",
    Phase.STARTING: "[yellow]…[/]",
    Phase.READY: "[green]✓[/]",
    Phase.DONE: "[green]✓[/]",
    Phase.STOPPED: "[red]x[/]",
}


@contextmanager
def live_units(console: Console) -> Iterator[Progress]:
    """Yield a function that shows each new status in a live table of units.

    If the output is not a terminal, the function prints a line for each unit that becomes ready.
    """
    if not console.is_terminal:
        yield _Lines(console)
        return
    began: dict[str, float] = {}
    with Live(console=console, refresh_per_second=10, transient=False) as live:
        yield lambda status: live.update(_units(status, began))


def show_status(cloud: Cloud, console: Console) -> bool:
    """Print services, hosts and endpoints; return whether all units are ready."""
    current = cloud.status()
    if current is None:
        console.print(f"Not running ({cloud.state.path}). Start it with 'trovectl --state {cloud.state.path} up'.")
    else:
        console.print(f"{cloud.state.path}\n")
        console.print(_services(cloud, current))
    _show_hosts(cloud, console)
    _show_endpoints(cloud, console)
    return current is not None and current.ready


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: set[str] = set()

    def __call__(self, status: Status) -> None:
        for unit in status.units:
            if unit.active and unit.name not in self._shown:
                self._shown.add(unit.name)
                self._console.print(f"{unit.name}: {unit.phase} ({_seconds(unit)})")


def _units(status: Status, began: dict[str, float]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1))
    for unit in status.units:
        if unit.phase is Phase.STARTING:
            began.setdefault(unit.name, time.monotonic())
        running = f"{time.monotonic() - began[unit.name]:.1f} s" if unit.phase is Phase.STARTING else ""
        table.add_row(_MARKS[unit.phase], unit.name, _seconds(unit) or running, f"[red]{unit.error}[/]")
    return table


def _services(cloud: Cloud, status: Status) -> Table:
    table = Table(box=None, padding=(0, 1))
    for name in ("service", "address", "pid", "ready", "failures", "log"):
        table.add_column(name, no_wrap=name != "ready")
    for unit in status.units:
        if unit.service or not unit.active:
            table.add_row(*_service(cloud, unit))
    return table


def _service(cloud: Cloud, unit: UnitStatus) -> tuple[str, ...]:
    port = PORTS.get(unit.name)
    address = f"{cloud.addresses.control}:{port}" if port else ""
    alive = unit.active and (port is None or http.answers(cloud.addresses.control, port))
    log = cloud.log(unit.name if unit.service else "supervisor").relative_to(cloud.state.path)
    return (
        unit.name,
        address,
        str(unit.pid or ""),
        "[green]yes[/]" if alive else f"[red]{unit.phase}[/] {unit.error}",
        str(unit.failures),
        str(log),
    )


def _show_hosts(cloud: Cloud, console: Console) -> None:
    hosts = sorted(path for path in cloud.state.hosts.glob("*") if (path / "facts.json").exists())
    console.print(f"\n{len(hosts)} host{'' if len(hosts) == 1 else 's'} in {cloud.state.hosts}")
    for host in hosts:
        console.print(f"  {host.name}")


def _show_endpoints(cloud: Cloud, console: Console) -> None:
    endpoints = lifecycle.endpoints(cloud.state.path)
    console.print(f"\n{len(endpoints)} endpoint{'' if len(endpoints) == 1 else 's'} in {cloud.state.endpoints}")
    for endpoint in endpoints:
        facts = endpoint.facts()
        if facts is not None:
            leads = f"leads to {', '.join(facts.targets)}" if facts.targets else "leads to nobody"
            down = "" if lifecycle.serving(endpoint) else " [red]down[/]"
            ports = ",".join(map(str, facts.ports))
            console.print(f"  {endpoint.root.name}  {facts.kind}  {facts.address}:{ports}  {leads}{down}")


def _seconds(unit: UnitStatus) -> str:
    return "" if unit.seconds is None else f"{unit.seconds:.1f} s"
