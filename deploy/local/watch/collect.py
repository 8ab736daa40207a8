"""Reads what the live view shows: the supervisor's status, the state database, /metrics, a log and the processes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPException
from typing import TypeVar
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, selectinload

import functions.state.models  # noqa: F401 - declares every table
from deploy.local import http, postgres
from deploy.local.addresses import PORTS
from deploy.local.cloud import Cloud
from deploy.local.errors import LocalError
from deploy.local.hosts.layout import HostDirectory, hosts_dir
from deploy.local.status import Status, UnitStatus
from deploy.local.watch.rates import Rate, ServedRequests
from deploy.local.watch.usage import Usages
from deploy.local.watch.view import HostView, OperationView, RatesView, ServiceView, Usage, View
from functions.base.clock import now
from functions.base.statuses import ACTIVE_STATES
from functions.state.backups.models import Backup
from functions.state.hosts.models import Host
from functions.state.instances.models import Instance
from functions.state.operations.models import Operation

T = TypeVar("T")
OPERATIONS_SPAN, REQUESTS_SPAN = 60.0, 10.0
"""Seconds over which operations a minute, and requests a second, are measured."""
SCRAPE_SECONDS = 5.0
"""Seconds after which a scrape of /metrics fails."""


@dataclass(frozen=True)
class Ended:
    """Operations that have ended: of all time, and in the last hour."""

    total: float
    last_hour: int


@dataclass(frozen=True)
class UnderWay:
    """What the state database tells."""

    operations: list[OperationView] = field(default_factory=list)
    served: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name and status of the instance of each host, by the host's id."""


class Collector:
    """Looks at one cloud again and again."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._usages = Usages(hosts_dir(cloud.state.path))
        self._operations, self._requests = Rate(OPERATIONS_SPAN), Rate(REQUESTS_SPAN)
        self._problems: list[str] = []
        self._served = ServedRequests(cloud.log("entrypoint"))

    def look(self) -> View:
        """Return the cloud as it is now. What does not answer is left out, and `problem` says so."""
        status = self._cloud.status()
        self._usages.look()
        self._problems.clear()
        rates = self._tried(self._rates, RatesView()) if status else RatesView()
        under_way = self._tried(self._read_state, UnderWay()) if status else UnderWay()
        return View(
            path=self._cloud.state.path,
            at=now(),
            running=status is not None,
            ready=status is not None and status.ready,
            services=self._services(status) if status else [],
            operations=under_way.operations,
            hosts=self._hosts(under_way.served),
            rates=rates,
            problem="; ".join(self._problems),
        )

    def _tried(self, read: Callable[[], T], without: T) -> T:
        try:
            return read()
        except (OSError, HTTPException, LocalError, DBAPIError) as error:
            self._problems.append(f"not all can be told now ({type(error).__name__})")
            return without

    def _services(self, status: Status) -> list[ServiceView]:
        units = [unit for unit in status.units if unit.service or not unit.active]
        usages = self._usages.of_services({unit.name: unit.pid for unit in units if unit.pid})
        return [self._service(unit, usages.get(unit.name, Usage())) for unit in units]

    def _service(self, unit: UnitStatus, usage: Usage) -> ServiceView:
        port, control = PORTS.get(unit.name), self._cloud.addresses.control
        answers = unit.active and (port is None or http.answers(control, port))
        return ServiceView(unit, f"{control}:{port}" if port else "", answers, usage)

    def _hosts(self, served: dict[str, tuple[str, str]]) -> list[HostView]:
        usages, views = self._usages.of_hosts(), []
        for root in sorted(path.parent for path in self._cloud.state.hosts.glob("*/facts.json")):
            try:
                facts = HostDirectory(root).facts()
            except FileNotFoundError:
                continue
            instance, status = served.get(facts.host_id, ("", ""))
            usage = usages.get(root.resolve(), Usage())
            views.append(HostView(root.name, facts.address, instance, status, facts.cpus, facts.memory_mb, usage))
        return views

    def _rates(self) -> RatesView:
        at = time.monotonic()
        self._requests.add(at, self._served.total())
        ended = self._ended()
        self._operations.add(at, ended.total)
        each_second = self._operations.per_second
        return RatesView(None if each_second is None else each_second * 60, ended.last_hour, self._requests.per_second)

    def _ended(self) -> Ended:
        with urlopen(f"{self._cloud.function_urls['record']}/metrics", timeout=SCRAPE_SECONDS) as reply:  # noqa: S310
            text = reply.read().decode()
        total, last_hour = 0.0, 0.0
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == "trove_operations" and sample.labels["state"] not in ACTIVE_STATES:
                    total += sample.value
                if sample.name == "trove_operation_seconds_count":
                    last_hour += sample.value
        return Ended(total, int(last_hour))

    @cached_property
    def _engine(self) -> Engine:
        return create_engine(postgres.url(self._cloud.state, "trove"), pool_size=1, pool_pre_ping=True)

    def _read_state(self) -> UnderWay:
        active = (
            select(Operation, Instance.name, Backup.name)
            .outerjoin(Instance, Operation.instance_id == Instance.id)
            .outerjoin(Backup, Operation.backup_id == Backup.id)
            .where(Operation.state.in_(ACTIVE_STATES))
            .options(selectinload(Operation.tasks))
            .order_by(Operation.created)
        )
        served = select(Host.id, Instance.name, Instance.status, Instance.operating_status).join(
            Instance, Host.instance_id == Instance.id
        )
        with Session(self._engine) as session:
            operations = [operation_view(*row) for row in session.execute(active)]
            rows = session.execute(served.where(Instance.deleted_at.is_(None))).tuples()
            hosts = {host: (name, f"{status} {operating}".strip()) for host, name, status, operating in rows}
        return UnderWay(operations, hosts)


def operation_view(operation: Operation, instance: str | None, backup: str | None) -> OperationView:
    """Return the view of an operation on an instance or backup of these names."""
    progress = operation.progress
    return OperationView(
        type=operation.type,
        of=backup or instance or "",
        state=operation.state,
        step=operation.tasks[-1].step if operation.tasks else "",
        phase=progress.phase if progress else "",
        percent=progress.percent if progress else None,
        created=operation.created,
    )
