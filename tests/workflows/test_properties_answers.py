"""A10 and A3 of the catalogue of faults: answers that are lost after their effect, and calls that come again late.

The operations are chosen so that every kind of step is among theirs.
"""

import pytest

from functions.base.statuses import OperationState
from functions.framework import operation as operation_kinds
from tests.support.audit import audit
from tests.support.step_proxy import Losing
from tests.support.waiting import eventually
from tests.workflows.properties import Standing, clean_up
from tests.workflows.world import steps_of


def verbs(kind: str) -> set[str]:
    """The kinds of steps of a workflow, whatever the job that they are about."""
    return {step.split()[0] for step in steps_of(kind)}


def covering() -> list[str]:
    """Few operations that have every kind of step among theirs."""
    missing, chosen = set[str]().union(*map(verbs, operation_kinds.names())), list[str]()
    while missing:
        chosen.append(max(operation_kinds.names(), key=lambda kind: len(verbs(kind) & missing)))
        missing -= verbs(chosen[-1])
    return chosen


@pytest.mark.parametrize("kind", covering())
def test_each_answer_is_lost_once_and_each_call_comes_again_late(standing: Standing, kind: str) -> None:
    losing = Losing()
    ended = standing.runner.run(standing.accept(kind), losing)
    assert ended.state == OperationState.SUCCEEDED, ended.error
    eventually(lambda: set(losing.lost) == set(steps_of(kind)), f"every answer was lost: {set(losing.lost)}")
    late = {step: forward() for step, forward in losing.lost.items() if step != steps_of(kind)[-1]}
    assert {step: answer["ok"] for step, answer in late.items()} == dict.fromkeys(late, False)
    assert audit(standing.world.cloud, [standing.runner.caller.project_id]) == []
    clean_up(standing, ended)
