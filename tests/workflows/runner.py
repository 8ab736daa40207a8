"""Operations started by hand: accepted as the entrypoint does, run by the real Mistral, a proxy before the steps."""

import time

import pytest

from functions.base.statuses import ACTIVE_STATES
from functions.cloud import mistral
from functions.state.operations import moves, operations
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation
from tests.support.step_proxy import Rule, StepProxy

END_SECONDS = 120


class Runner:
    """Runs operations of one tenant under a rule each."""

    def __init__(self, proxy: StepProxy, caller: Caller) -> None:
        self.proxy, self.caller = proxy, caller

    def start(self, operation: Operation, rule: Rule) -> Operation:
        """Start an accepted operation's workflow."""
        self.proxy.rules[operation.id] = rule
        mistral.start(operation.id, operation.type, operation.id, moves.undone_by(operation))
        return operation

    def ended(self, operation: Operation) -> Operation:
        """The operation as it is when it has ended."""
        limit = time.monotonic() + END_SECONDS
        while time.monotonic() < limit:
            seen = operations.get(self.caller.project_id, operation.id)
            if seen.state not in ACTIVE_STATES:
                return seen
            time.sleep(0.1)
        steps = "\n".join(f"  {task.task}: {task.state} {task.error or ''}" for task in seen.tasks)
        pytest.fail(f"{operation.type} {operation.id} is still {seen.state} after {END_SECONDS} s:\n{steps}")

    def run(self, operation: Operation, rule: Rule) -> Operation:
        """Start it and wait for its end."""
        return self.ended(self.start(operation, rule))
