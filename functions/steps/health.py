"""The health probe: asks the databases of all idle instances whether they serve, many at once, by Mistral's cron.

Nothing runs on the hosts for it. An answer that is not good is asked for once more before it counts, so that one lost
connection is no outage. Instances that one run does not reach in its time are reached by the next ones: the order is
another one each time.
"""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from functions.runtime.errors import TroveError
from functions.runtime.logs import get_logger
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state import health
from functions.state.models import Instance
from functions.steps import host

AT_ONCE = 32
RUN_SECONDS = 8.0
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


class _Run:
    """One run over many instances: each is looked at by itself, whatever becomes of the others."""

    def __init__(self, context: StepContext) -> None:
        self._context = context
        self._last_begin = time.monotonic() + RUN_SECONDS
        self.healthy: list[bool] = []
        self.changes: list[str] = []

    def look(self, instance: Instance) -> None:
        """Ask one instance and keep what it answers, if there is time to begin."""
        if time.monotonic() > self._last_begin:
            return
        reason = self._ask(instance)
        if reason is not None:
            time.sleep(PAUSE_SECONDS)
            reason = self._ask(instance)
        self.healthy.append(reason is None)
        if health.record(instance, healthy=reason is None):
            self.changes.append(instance.id)
            get_logger().warning("health changed", instance_id=instance.id, reason=reason or "it serves again")

    def _ask(self, instance: Instance) -> str | None:
        """Why the database does not serve; None when it does."""
        limited = replace(self._context, deadline=time.monotonic() + PROBE_SECONDS)
        try:
            answer = host.call(instance, limited, "status", {})
        except TroveError as error:
            return f"{type(error).__name__}: {error.message}"
        return None if answer["running"] else "the database does not run"


@step("health.probe", audience="sweep")
def probe(_request: Nothing, context: StepContext) -> Probed:
    """Ask all that are idle and keep what they answer."""
    instances = health.idle_instances()
    random.shuffle(instances)
    run = _Run(context)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="probe") as pool:
        looks = {pool.submit(run.look, instance): instance for instance in instances}
    for look, instance in looks.items():
        if error := look.exception():
            get_logger().error("probe crashed", instance_id=instance.id, error=repr(error))
    healthy, failing = run.healthy.count(True), run.healthy.count(False)
    return Probed(probed=healthy + failing, failing=failing, changed=len(run.changes))
