"""What ended resources and operations left in Heat, Swift and Mistral is removed, and nothing else."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from functions.base.clock import now
from functions.base.statuses import OperationState
from functions.cloud import heat, mistral, swift
from functions.framework import token
from functions.framework.call import call
from functions.operations import backup_create, instance_create, instance_delete
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation
from functions.storage.backup_objects import container, prefix
from functions.topology.stacks import stack_name
from tests.support.operations import finish as end
from tests.support.operations import new_instance

pytestmark = pytest.mark.usefixtures("product_environment")
TEMPLATE = "heat_template_version: 2021-04-16\nresources: {word: {type: OS::Heat::RandomString}}\n"


def run(step: str) -> dict[str, object]:
    """Run a periodic step as its cron trigger does."""
    answer = call(step, {}, f"Bearer {token.issue('sweep', 'sweep', now() + timedelta(minutes=1))}")
    assert answer.ok, answer.error
    assert answer.result is not None
    return answer.result


def finish(operation: Operation, state: OperationState, ago: timedelta) -> None:
    """End an operation without a workflow, some time ago."""
    end(operation, state)
    with transaction() as session:
        session.execute(update(Operation).where(Operation.id == operation.id).values(ended=now() - ago))


def ended_resources(caller: Caller, ago: timedelta) -> tuple[Instance, Backup, Operation]:
    """A deleted instance, a failed backup of it, and an operation that has ended."""
    instance, created = instance_create.accept_create(new_instance("reconcile"), caller)
    finish(created, OperationState.SUCCEEDED, ago)
    backup, operation = backup_create.accept_create(backup_create.NewBackup("reconcile", instance.id), caller)
    finish(operation, OperationState.FAILED, ago)
    finish(instance_delete.accept_delete(instance.id, caller), OperationState.SUCCEEDED, ago)
    return instance, backup, created


@pytest.mark.parametrize(
    ("ago", "stays"), [(timedelta(hours=1), False), (timedelta(0), True)], ids=["long ago", "just now"]
)
def test_leftovers_of_ended_resources(tmp_path: Path, ago: timedelta, stays: bool) -> None:
    caller = Caller(f"reconcile-{uuid.uuid4()}", "tester", "req-reconcile")
    instance, backup, operation = ended_resources(caller, ago)
    template, environment = tmp_path / "t.yaml", tmp_path / "e.yaml"
    template.write_text(TEMPLATE)
    environment.write_text("{}\n")
    heat.apply(stack_name(instance), template, environment, {})
    unknown = f"{uuid.uuid4()}/kept"
    swift.ensure_container(container(backup))
    left = [f"{prefix(backup)}segments.json", f"{prefix(operation)}segments.json"]
    for name in (*left, unknown):
        swift.write_json(container(backup), name, {})
    done = run("reconcile.run")
    assert (done["stacks_removed"], done["backups_removed"]) == ((0, 0) if stays else (1, 2))
    listed = [stored.name for stored in swift.list_objects(container(backup), "")]
    assert listed == sorted([*left, unknown] if stays else [unknown])
    swift.delete_prefix(container(backup), "")
    heat.delete(stack_name(instance))


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "going on"])
def test_an_execution_outlives_no_operation(ended: bool) -> None:
    """A paused one stands for one whose last word was lost: no task of it runs, and it is not over."""
    caller = Caller(f"sweep-{uuid.uuid4()}", "tester", "req-sweep")
    _, operation = instance_create.accept_create(new_instance("sweep"), caller)
    mistral.start(operation.id, "instance_restart", operation.id, operation.deadline)
    mistral.send("PUT", f"/executions/{operation.id}", json={"state": "PAUSED"})
    if ended:
        finish(operation, OperationState.FAILED, timedelta(hours=1))
    run("sweep.run")
    assert mistral.state(operation.id) in ({mistral.ExecutionState.CANCELLED} if ended else mistral.ALIVE)
    if not ended:
        finish(operation, OperationState.FAILED, timedelta(hours=1))
        mistral.cancel(operation.id)
