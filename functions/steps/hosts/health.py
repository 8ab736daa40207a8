"""The health probe: asks the databases of all idle instances whether they serve, many at once. Mistral's cron calls it.

Nothing runs on the hosts for it. After a bad answer an instance is asked once more, so that one lost connection is no
outage. Runs that overlap share the work: each claims instances that are due. A silent host occupies a thread of its run
for `probe_seconds`, twice, and is asked ever more rarely. A member of a group tells in the same answer how it is; a
replica that has not followed its primary for too long is not HEALTHY.
"""

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

from datastores.protocol.engine import EngineStatus, Status
from datastores.protocol.replication import MemberState, Observe
from functions.base.errors import EngineRefused, TroveError
from functions.base.logs import get_logger
from functions.base.settings import get_settings
from functions.framework.step import Nothing, StepContext, StepResult, step
from functions.hostlink import host
from functions.hostlink.ssh import CommandTimedOut, HostUnreachable
from functions.operations import replica_rejoin
from functions.state.groups import astray
from functions.state.groups.models import Role
from functions.state.instances import health
from functions.state.instances.health import Finding
from functions.state.instances.models import Instance

COMES_BACK = "The service brings it back as soon as the source serves."
REBUILD = "It was brought back several times within an hour: rebuild it (action rebuild_replica), or ask your operator."


class Probed(StepResult):
    """How many instances were asked, how many do not serve, and how many changed their operating status."""

    probed: int
    failing: int
    changed: int


class _Run:
    """One run over many instances, each of which is asked independently of the others."""

    def __init__(self, context: StepContext) -> None:
        self._context = context
        self.healthy: list[bool] = []
        self.changes: list[str] = []

    def look(self, instance: Instance) -> None:
        """Ask one instance and store what was found."""
        found, reason = self._ask(instance)
        if found.status != health.HEALTHY:
            time.sleep(get_settings().probe_pause_seconds)
            found, reason = self._ask(instance)
        if instance.role == Role.REPLICA and not found.silent:
            found = _as_replica(instance, found)
        self.healthy.append(found.status == health.HEALTHY)
        if health.record(instance, found):
            self.changes.append(instance.id)
            reason = found.fault or reason
            get_logger().warning("health changed", instance_id=instance.id, status=found.status, reason=reason)

    def _ask(self, instance: Instance) -> tuple[Finding, str]:
        """Return what an instance answers, and the reason for its operating status."""
        limited = replace(self._context, deadline=time.monotonic() + get_settings().probe_seconds)
        try:
            database, member = _answer(instance, limited)
        except EngineRefused as error:  # the database runs: it has answered
            return Finding(health.BLOCKED), error.message
        except TroveError as error:
            silent = isinstance(error, (HostUnreachable, CommandTimedOut))
            return Finding(health.FAILING, silent), f"{type(error).__name__}: {error.message}"
        if not database.running:
            return Finding(health.FAILING, member=member), database.problem or "the database does not run"
        status = health.BLOCKED if database.problem else health.HEALTHY
        return Finding(status, member=member), database.problem or "it serves again"


def _answer(instance: Instance, context: StepContext) -> tuple[EngineStatus, MemberState | None]:
    if instance.group_id is None:
        return host.ask(instance, context, Status()), None
    observed = host.ask(instance, context, Observe())
    return observed.database, observed.member


def _as_replica(replica: Instance, found: Finding) -> Finding:
    """Return what was found of a replica whose host answered, with what follows if it has lost its primary."""
    lost = astray.look(replica, found.member)
    if lost is None:
        return found
    if not lost.overdue:
        return replace(found, astray_since=lost.since)
    fault, status = f"The replica does not follow its source: {lost.problem}. {COMES_BACK}", health.BLOCKED
    if replica_rejoin.tried_enough(replica.id):
        fault, status = f"The replica does not follow its source: {lost.problem}. {REBUILD}", health.FAILING
    status = found.status if found.status != health.HEALTHY else status
    return replace(found, status=status, astray_since=lost.since, fault=fault)


def _settle(under_way: dict[Future[None], Instance], *done: Future[None]) -> None:
    for look in done:
        instance = under_way.pop(look)
        if error := look.exception():
            get_logger().error("probe crashed", instance_id=instance.id, error=repr(error))


@step("health.probe", audience="sweep")
def probe(_request: Nothing, context: StepContext) -> Probed:
    """Ask the instances that are due, as many as there is time for, and store their operating status."""
    run, settings = _Run(context), get_settings()
    last_begin, at_once = time.monotonic() + settings.probe_run_seconds, settings.probes_at_once
    under_way: dict[Future[None], Instance] = {}
    with ThreadPoolExecutor(at_once, thread_name_prefix="probe") as pool:
        while time.monotonic() < last_begin and (batch := health.claim(at_once - len(under_way))):
            under_way |= {pool.submit(run.look, instance): instance for instance in batch}
            while under_way and at_once - len(under_way) < settings.probe_batch:
                _settle(under_way, *wait(under_way, return_when=FIRST_COMPLETED).done)
    _settle(under_way, *under_way)
    healthy, failing = run.healthy.count(True), run.healthy.count(False)
    return Probed(probed=healthy + failing, failing=failing, changed=len(run.changes))
