"""Draws a view."""

from datetime import datetime

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from deploy.local.watch.view import HostView, OperationView, RatesView, ServiceView, View

BAR_WIDTH = 20
"""Characters."""


def render(view: View) -> Group:
    """Return what is shown of a view."""
    parts: list[RenderableType] = [_head(view)]
    if view.running:
        parts += [_rates(view.rates), Text(), _operations(view)]
        parts += [Text(), _services(view.services)]
    parts += [Text(), _hosts(view.hosts)]
    return Group(*parts)


def _head(view: View) -> Text:
    head = Text(f"{view.path}  {view.at:%H:%M:%S} UTC  ", style="bold")
    if not view.running:
        return head.append("not running", "red")
    head.append("ready", "green") if view.ready else head.append("not ready", "yellow")
    return head.append(f"  {view.problem}", "yellow") if view.problem else head


def _rates(rates: RatesView) -> Text:
    minute = _number(rates.operations_a_minute)
    hour = "?" if rates.operations_last_hour is None else str(rates.operations_last_hour)
    requests = _number(rates.requests_a_second)
    return Text(f"{minute} operations a minute ({hour} in the last hour) · {requests} API requests a second")


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.1f}"


def _operations(view: View) -> RenderableType:
    if not view.operations:
        return Text("no operation is under way", style="dim")
    table = _table("operation", "of", "step", "phase", "", "%", ">seconds")
    for operation in view.operations:
        table.add_row(*_operation(operation, view.at))
    return table


def _operation(operation: OperationView, at: datetime) -> tuple[RenderableType, ...]:
    percent = operation.percent
    bar = "" if percent is None else ProgressBar(total=100, completed=percent, width=BAR_WIDTH)
    spent = max(0.0, (at - operation.created).total_seconds())
    step = operation.step or operation.state
    share = "" if percent is None else f"{percent:.0f}"
    return operation.type, operation.of, step, operation.phase, bar, share, f"{spent:.1f}"


def _services(services: list[ServiceView]) -> Table:
    table = _table("service", "address", "pid", "ready", ">failures", ">CPU %", ">MiB")
    for service in services:
        unit = service.unit
        ready = Text("yes", "green") if service.answers else Text(f"{unit.phase} {unit.error}".strip(), "red")
        usage = service.usage
        table.add_row(
            unit.name, service.address, str(unit.pid or ""), ready, str(unit.failures),
            f"{usage.cpu_percent:.0f}", f"{usage.memory_mb:.0f}",
        )  # fmt: skip
    return table


def _hosts(hosts: list[HostView]) -> RenderableType:
    if not hosts:
        return Text("no host", style="dim")
    table = _table("host", "address", "instance", "status", ">CPU % of", ">MiB of", ">processes")
    for host in hosts:
        usage = host.usage
        table.add_row(
            host.name, host.address, host.instance, host.status, f"{usage.cpu_percent:.0f} / {host.cpus * 100}",
            f"{usage.memory_mb:.0f} / {host.memory_mb}", str(usage.processes),
        )  # fmt: skip
    return table


def _table(*names: str) -> Table:
    """Return an empty table; a name that begins with > is of a column of numbers."""
    table = Table(box=None, padding=(0, 1), header_style="bold")
    for name in names:
        table.add_column(name.lstrip(">"), justify="right" if name[:1] == ">" else "left", no_wrap=True)
    return table
