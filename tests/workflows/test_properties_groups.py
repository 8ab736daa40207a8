"""The three properties of what works on replicas: see `tests.workflows.properties`."""

import pytest

from functions.base.statuses import OperationState
from functions.cloud import heat
from functions.operations import replica_rejoin
from functions.state.database import transaction
from functions.state.groups import groups
from functions.state.groups.models import Group
from functions.state.instances import instances
from functions.topology.endpoints import ENDPOINT_STACK
from tests.support.operations import subject
from tests.support.step_proxy import failing, straight, twice
from tests.workflows import properties
from tests.workflows.properties import GROUPS, RULES, Standing, clean_up, failures, new_replica
from tests.workflows.runner import Runner
from tests.workflows.world import World, steps_of

FAILURES = failures(GROUPS)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", GROUPS)
def test_each_step_twice(standing: Standing, kind: str, rule: str) -> None:
    properties.each_step_twice(standing, kind, RULES[rule])


@pytest.mark.parametrize(("kind", "step"), FAILURES, ids=[f"{kind}-{step}" for kind, step in FAILURES])
def test_failure_at_each_step(standing: Standing, kind: str, step: str) -> None:
    properties.failure_at(standing, kind, step)


@pytest.mark.parametrize("kind", GROUPS)
def test_each_compensation_twice(standing: Standing, kind: str) -> None:
    properties.each_compensation_twice(standing, kind)


def test_a_first_replica_that_fails_leaves_the_source_as_it_was(world: World, runner: Runner) -> None:
    source = properties.new_instance(world, runner)
    stacks = endpoint_stacks()
    failed = runner.run(world.accept("replica_create", source, None), failing("job.run replicate", effect=False))
    assert failed.state == OperationState.FAILED
    assert endpoint_stacks() == stacks
    assert world.is_as_recorded(source)
    for gone in (subject(failed).instance, source):
        assert runner.run(world.accept("instance_delete", gone, None), straight).state == OperationState.SUCCEEDED


@pytest.mark.parametrize("kind", ["instance_tls", "instance_access"])
def test_a_change_of_a_source_is_undone_on_all_that_it_reached(world: World, runner: Runner, kind: str) -> None:
    source = properties.new_instance(world, runner)
    replica = subject(runner.run(world.accept("replica_create", source, None), straight)).instance
    last = steps_of(kind)[-1]
    failed = runner.run(world.accept(kind, instances.load(source.id), None), failing(last, effect=False))
    assert failed.state == OperationState.FAILED, failed.error
    members = [instances.load(each.id) for each in (source, replica)]
    assert all(world.is_as_recorded(member) for member in members)
    assert [member.spec for member in members] == [source.spec, replica.spec]
    made = runner.run(world.accept(kind, members[0], None), straight)
    assert made.state == OperationState.SUCCEEDED, made.error
    assert all(world.is_as_recorded(instances.load(member.id)) for member in members)
    assert world.led_to(members[0]) == {"primary": [source.id], "readers": [replica.id]}
    for gone in (replica, source):
        assert runner.run(world.accept("instance_delete", gone, None), straight).state == OperationState.SUCCEEDED


def test_the_last_member_leaves_no_endpoint(world: World, runner: Runner) -> None:
    source = properties.new_instance(world, runner)
    stacks = endpoint_stacks()
    made = runner.run(world.accept("replica_create", source, None), straight)
    assert len(endpoint_stacks() - stacks) == 2
    group = groups.of(instances.load(source.id))
    for gone in (subject(made).instance, source):
        assert runner.run(world.accept("instance_delete", gone, None), twice).state == OperationState.SUCCEEDED
    assert endpoint_stacks() == stacks
    with transaction() as session:
        assert session.get_one(Group, group.id).deleted_at is not None, "nobody watches it any more"


def endpoint_stacks() -> set[str]:
    """The names of the stacks of all endpoints."""
    return {name for name in heat.names() if name.startswith(ENDPOINT_STACK)}


@pytest.mark.parametrize("rule", RULES)
def test_each_step_of_a_rebuild_twice(standing: Standing, rule: str) -> None:
    """It goes the other way through the plan of a rejoin."""
    asked = replica_rejoin.accept_rebuild(new_replica(standing).id, standing.runner.caller)
    ended = standing.runner.run(asked, RULES[rule])
    assert ended.state == OperationState.SUCCEEDED, ended.error
    clean_up(standing, ended)
