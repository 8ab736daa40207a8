"""Acceptance under load: quotas and the one-operation-per-instance rule hold against requests at the same time."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.runtime.errors import Busy, NotFound, QuotaExceeded, StepRefused, TroveError
from functions.runtime.settings import get_settings
from functions.state import backups, instances, operations, quotas
from functions.state.acceptance import Caller
from functions.state.database import transaction
from functions.state.models import InstanceStatus, Operation, OperationState
from functions.state.subject import subject

pytestmark = pytest.mark.usefixtures("state")
AT_ONCE = 12


def new_caller() -> Caller:
    """Someone in a project that nobody else uses."""
    return Caller(f"acceptance-{uuid.uuid4()}", "tester", "req-acceptance")


def new_request(**changes: object) -> instances.NewInstance:
    values: dict[str, object] = {
        "name": "acceptance",
        "datastore_version_id": "none",
        "flavor_id": "1",
        "memory_mb": 512,
        "cpus": 1,
        "volume_size": 1,
    }
    return instances.NewInstance(**(values | changes))  # type: ignore[arg-type]


def at_once(call: Callable[[], object]) -> list[object]:
    """The results, or the product's errors, of the same call made by many at the same time."""

    def caught() -> object:
        try:
            return call()
        except TroveError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [future.result() for future in [pool.submit(caught) for _ in range(AT_ONCE)]]


def finish(operation: Operation, state: OperationState = OperationState.SUCCEEDED) -> None:
    """End an operation without a workflow."""
    operations.begin(operation.id)
    if state == OperationState.SUCCEEDED:
        operations.succeed(operation.id)
    else:
        operations.abort(operation.id, "ended by the test")
        operations.fail(operation.id, state)


def test_quota_of_instances_is_never_passed() -> None:
    caller, limit = new_caller(), get_settings().quota_instances
    seen = at_once(lambda: instances.accept_create(new_request(), caller))
    for accepted in seen:
        if isinstance(accepted, tuple):
            finish(accepted[1], OperationState.FAILED)
    refused = [error for error in seen if isinstance(error, QuotaExceeded)]
    assert len(seen) - len(refused) == limit
    assert "'instances'" in refused[0].message
    with transaction() as session:
        assert quotas.usage(session, caller.project_id).instances == limit


def test_quota_of_volumes_names_what_is_asked_and_left() -> None:
    caller, limit = new_caller(), get_settings().quota_volumes
    with pytest.raises(QuotaExceeded, match=rf"'volumes': requested {limit + 1}, in use 0, limit {limit}"):
        instances.accept_create(new_request(volume_size=limit + 1), caller)
    with pytest.raises(NotFound):
        instances.get(caller.project_id, "nothing was written")


def test_one_operation_at_a_time() -> None:
    caller = new_caller()
    instance, created = instances.accept_create(new_request(), caller)
    finish(created)
    seen = at_once(lambda: instances.accept_restart(caller.project_id, instance.id, caller))
    accepted = [operation for operation in seen if isinstance(operation, Operation)]
    assert len(accepted) == 1
    assert all(isinstance(error, Busy) for error in seen if error not in accepted)
    finish(accepted[0])
    assert instances.get(caller.project_id, instance.id).status == InstanceStatus.ACTIVE


def test_deleting_a_backup_that_is_being_made_cancels_its_making() -> None:
    caller = new_caller()
    instance, created = instances.accept_create(new_request(), caller)
    finish(created)
    for begun in (False, True):
        backup, operation = backups.accept_create(backups.NewBackup("b", instance.id), caller)
        if begun:
            operations.begin(operation.id)
        assert backups.accept_delete(caller.project_id, backup.id, caller).id == operation.id
        with pytest.raises(Busy):
            backups.accept_delete(caller.project_id, backup.id, caller)
        with pytest.raises(StepRefused):
            operations.succeed(operation.id)
        for _ in range(2):
            operations.fail(operation.id, OperationState.FAILED)
        ended = operations.load(operation.id)
        assert ended.state == OperationState.CANCELLED
        assert (ended.error or {})["message"] == "cancelled: its backup was deleted meanwhile"
        assert instances.get(caller.project_id, instance.id).status == InstanceStatus.ACTIVE
        assert instances.get(caller.project_id, instance.id).fault is None
        with pytest.raises(NotFound):
            backups.get(caller.project_id, backup.id)
    with transaction() as session:
        assert quotas.usage(session, caller.project_id).backups == 0


def test_a_backup_in_use_is_busy_and_deletion_frees_the_quota() -> None:
    caller = new_caller()
    instance, created = instances.accept_create(new_request(), caller)
    finish(created)
    backup, operation = backups.accept_create(backups.NewBackup("b", instance.id), caller)
    with pytest.raises(Busy, match=f"is under way: delete backup {backup.id} to cancel it"):
        instances.accept_restart(caller.project_id, instance.id, caller)
    finish(operation)
    restored, restore = instances.accept_create(new_request(backup_id=backup.id), caller)
    with pytest.raises(Busy):
        backups.accept_delete(caller.project_id, backup.id, caller)
    finish(restore)
    for deletion in (
        backups.accept_delete(caller.project_id, backup.id, caller),
        instances.accept_delete(caller.project_id, restored.id, caller),
        instances.accept_delete(caller.project_id, instance.id, caller),
    ):
        finish(deletion)
    with transaction() as session:
        assert quotas.usage(session, caller.project_id) == quotas.Usage()


def test_another_project_sees_nothing() -> None:
    caller, other = new_caller(), new_caller()
    instance, created = instances.accept_create(new_request(), caller)
    finish(created, OperationState.FAILED)
    for look in (instances.get, operations.get):
        with pytest.raises(NotFound):
            look(other.project_id, instance.id)
    with pytest.raises(NotFound):
        instances.accept_delete(other.project_id, instance.id, other)


def test_ends_are_final_and_wipe_secrets() -> None:
    caller = new_caller()
    user = instances.NewUser(name="u", password="canary-password")
    _instance, operation = instances.accept_create(new_request(users=[user]), caller)
    assert operations.secrets(operation.id)["passwords"] == {"u@%": "canary-password"}
    assert "canary" not in str(operation.request)
    operations.add_secrets(operation.id, {"upload": "first"})
    assert operations.add_secrets(operation.id, {"upload": "second"})["upload"] == "first"
    finish(operation)
    assert operations.secrets(operation.id) == {}
    operations.fail(operation.id, OperationState.FAILED)
    operations.abort(operation.id, "late")
    operations.succeed(operation.id)
    assert operations.get(caller.project_id, operation.id).state == OperationState.SUCCEEDED
    with pytest.raises(StepRefused):
        operations.begin(operation.id)
    assert subject(operation.id).instance.fault is None
