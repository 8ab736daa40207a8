"""What ended resources and operations left in Heat, Swift and Mistral is removed, and nothing else."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from functions.cloud import heat, mistral, swift
from functions.runtime import token
from functions.runtime.call import call
from functions.runtime.clock import now
from functions.state import backups, instances, operations
from functions.state.acceptance import Caller
from functions.state.database import transaction
from functions.state.models import Backup, Instance, Operation, OperationState, OperationType
from functions.steps.backup import container, prefix
from functions.steps.stack import stack_name

pytestmark = pytest.mark.usefixtures("product_environment")
TEMPLATE = "heat_template_version: 2021-04-16\nresources: {word: {type: OS::Heat::RandomString}}\n"


def run(step: str) -> dict[str, int]:
    """Run a periodic step as its cron trigger does."""
    answer = call(step, {}, f"Bearer {token.issue('sweep', 'sweep', now() + timedelta(minutes=1))}")
    assert answer.ok, answer.error
    assert answer.result is not None
    return answer.result


def finish(operation: Operation, state: OperationState, ago: timedelta) -> None:
    """End an operation without a workflow, some time ago."""
    operations.begin(operation.id)
    if state == OperationState.SUCCEEDED:
        operations.succeed(operation.id)
    else:
        operations.abort(operation.id, "ended by the test")
        operations.fail(operation.id, state)
    with transaction() as session:
        session.execute(update(Operation).where(Operation.id == operation.id).values(ended=now() - ago))


def instance_and_failed_backup(caller: Caller, ago: timedelta) -> tuple[Instance, Backup]:
    request = instances.NewInstance("reconcile", "none", "1", 512, 1, 1)
    instance, created = instances.accept_create(request, caller)
    finish(created, OperationState.SUCCEEDED, ago)
    backup, operation = backups.accept_create(backups.NewBackup("reconcile", instance.id), caller)
    finish(operation, OperationState.FAILED, ago)
    finish(instances.accept_delete(caller.project_id, instance.id, caller), OperationState.SUCCEEDED, ago)
    return instance, backup


@pytest.mark.parametrize(
    ("ago", "stays"), [(timedelta(hours=1), False), (timedelta(0), True)], ids=["long ago", "just now"]
)
def test_leftovers_of_ended_resources(tmp_path: Path, ago: timedelta, stays: bool) -> None:
    caller = Caller(f"reconcile-{uuid.uuid4()}", "tester", "req-reconcile")
    instance, backup = instance_and_failed_backup(caller, ago)
    template, environment = tmp_path / "t.yaml", tmp_path / "e.yaml"
    template.write_text(TEMPLATE)
    environment.write_text("{}\n")
    heat.apply(stack_name(instance), template, environment, {})
    unknown = f"{uuid.uuid4()}/kept"
    swift.ensure_container(container(backup))
    swift.write_json(container(backup), f"{prefix(backup)}segments.json", {})
    swift.write_json(container(backup), unknown, {})
    done = run("reconcile.run")
    assert (done["stacks_removed"], done["backups_removed"]) == ((0, 0) if stays else (1, 1))
    listed = [stored.name for stored in swift.list_objects(container(backup), "")]
    assert listed == sorted([f"{prefix(backup)}segments.json"] * stays + [unknown])
    swift.delete_prefix(container(backup), "")
    heat.delete(stack_name(instance))


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "going on"])
def test_an_execution_outlives_no_operation(ended: bool) -> None:
    """A paused one stands for one whose last word was lost: no task of it runs, and it is not over."""
    caller = Caller(f"sweep-{uuid.uuid4()}", "tester", "req-sweep")
    _, operation = instances.accept_create(instances.NewInstance("sweep", "none", "1", 512, 1, 1), caller)
    mistral.start(operation.id, OperationType.INSTANCE_RESTART, operation.id, operation.deadline)
    mistral.send("PUT", f"/executions/{operation.id}", json={"state": "PAUSED"})
    if ended:
        finish(operation, OperationState.FAILED, timedelta(hours=1))
    run("sweep.run")
    assert mistral.state(operation.id) in ({mistral.ExecutionState.CANCELLED} if ended else mistral.ALIVE)
    if not ended:
        finish(operation, OperationState.FAILED, timedelta(hours=1))
        mistral.cancel(operation.id)
