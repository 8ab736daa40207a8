"""The health probe: asks the databases of all idle instances whether they serve, many at once, by Mistral's cron.

Nothing runs on the hosts for it. An answer that is not good is asked for once more before it counts, so that one lost
connection is no outage. Runs that overlap, in one process or several, share the work: each claims what is due. A host
that is silent costs its run a thread for some seconds, and is asked ever more rarely.
"""

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from datastores.protocol.engine import Status
from functions.cloud.ssh import CommandTimedOut, HostUnreachable
from functions.runtime.errors import EngineRefused, TroveError
from functions.runtime.logs import get_logger
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state import health
from functions.state.models import Instance
from functions.steps import host

AT_ONCE = 128
"""Most of which wait for silent hosts, where there are such."""
BATCH = 16
"""Instances that are claimed together, at least, while there are so many."""
RUN_SECONDS = 10.0
"""No probe begins after this."""
PROBE_SECONDS = 8.0
"""For one question to one host."""
PAUSE_SECONDS = 0.5
"""Between the two questions."""


class Probed(StepResult):
    """How many instances were asked, how many of them do not serve, and for how many that is news."""

    probed: int
    failing: int
    changed: int


@dataclass(frozen=True)
class _Found:
    """The operating status that an answer means, and why."""

    status: str
    reason: str = "it serves again"
    silent: bool = False
    """The host gave no answer."""


class _Run:
    """One run over many instances: each is looked at by itself, whatever becomes of the others."""

    def __init__(self, context: StepContext) -> None:
        self._context = context
        self.healthy: list[bool] = []
        self.changes: list[str] = []

    def look(self, instance: Instance) -> None:
        """Ask one instance and keep what it answers."""
        found = self._ask(instance)
        if found.status != health.HEALTHY:
            time.sleep(PAUSE_SECONDS)
            found = self._ask(instance)
        self.healthy.append(found.status == health.HEALTHY)
        if health.record(instance, found.status, silent=found.silent):
            self.changes.append(instance.id)
            get_logger().warning("health changed", instance_id=instance.id, status=found.status, reason=found.reason)

    def _ask(self, instance: Instance) -> _Found:
        limited = replace(self._context, deadline=time.monotonic() + PROBE_SECONDS)
        try:
            answer = host.call(instance, limited, Status())
        except EngineRefused as error:  # it runs: it has answered
            return _Found(health.BLOCKED, error.message)
        except TroveError as error:
            silent = isinstance(error, (HostUnreachable, CommandTimedOut))
            return _Found(health.FAILING, f"{type(error).__name__}: {error.message}", silent)
        if not answer.running:
            return _Found(health.FAILING, "the database does not run")
        return _Found(health.BLOCKED, answer.problem) if answer.problem else _Found(health.HEALTHY)


def _settle(under_way: dict[Future[None], Instance], *done: Future[None]) -> None:
    for look in done:
        instance = under_way.pop(look)
        if error := look.exception():
            get_logger().error("probe crashed", instance_id=instance.id, error=repr(error))


@step("health.probe", audience="sweep")
def probe(_request: Nothing, context: StepContext) -> Probed:
    """Ask those that are due, as many as there is time for, and keep what they answer."""
    run = _Run(context)
    last_begin = time.monotonic() + RUN_SECONDS
    under_way: dict[Future[None], Instance] = {}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="probe") as pool:
        while time.monotonic() < last_begin and (batch := health.claim(AT_ONCE - len(under_way))):
            under_way |= {pool.submit(run.look, instance): instance for instance in batch}
            while under_way and AT_ONCE - len(under_way) < BATCH:
                _settle(under_way, *wait(under_way, return_when=FIRST_COMPLETED).done)
    _settle(under_way, *under_way)
    healthy, failing = run.healthy.count(True), run.healthy.count(False)
    return Probed(probed=healthy + failing, failing=failing, changed=len(run.changes))
