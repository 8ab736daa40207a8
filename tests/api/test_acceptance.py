"""Acceptance under load: quotas and the one-operation-per-instance rule hold against requests at the same time."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from datastores.protocol.accounts import User
from datastores.protocol.storage import Prefix
from functions.base.errors import Busy, NotFound, QuotaExceeded, StepRefused, TroveError
from functions.base.settings import get_settings
from functions.base.statuses import InstanceStatus, OperationState
from functions.operations import (
    backup_create,
    backup_delete,
    instance_create,
    instance_delete,
    instance_restart,
    instance_restore,
)
from functions.state.backups import backups
from functions.state.database import transaction
from functions.state.instances import instances
from functions.state.operations import moves, operations, sealed
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation, OperationError
from functions.state.operations.secrets import BackupUpload, FirstUsers
from functions.state.quotas import quotas
from tests.support.operations import begin, finish, new_instance, subject, succeed

pytestmark = pytest.mark.usefixtures("state")
AT_ONCE = 12


def new_caller() -> Caller:
    """Someone in a project that nobody else uses."""
    return Caller(f"acceptance-{uuid.uuid4()}", "tester", "req-acceptance")


def at_once(call: Callable[[], object]) -> list[object]:
    """The results, or the product's errors, of the same call made by many at the same time."""

    def caught() -> object:
        try:
            return call()
        except TroveError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [future.result() for future in [pool.submit(caught) for _ in range(AT_ONCE)]]


def test_quota_of_instances_is_never_passed() -> None:
    caller, limit = new_caller(), get_settings().quota_instances
    seen = at_once(lambda: instance_create.accept_create(new_instance("acceptance"), caller))
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
        instance_create.accept_create(new_instance("acceptance", volume_size=limit + 1), caller)
    with pytest.raises(NotFound):
        instances.get(caller.project_id, "nothing was written")


def test_one_operation_at_a_time() -> None:
    caller = new_caller()
    instance, created = instance_create.accept_create(new_instance("acceptance"), caller)
    finish(created)
    seen = at_once(lambda: instance_restart.accept_restart(instance.id, caller))
    accepted = [operation for operation in seen if isinstance(operation, Operation)]
    assert len(accepted) == 1
    assert all(isinstance(error, Busy) for error in seen if error not in accepted)
    finish(accepted[0])
    assert instances.get(caller.project_id, instance.id).status == InstanceStatus.ACTIVE


def test_deleting_a_backup_that_is_being_made_cancels_its_making() -> None:
    caller = new_caller()
    instance, created = instance_create.accept_create(new_instance("acceptance"), caller)
    finish(created)
    for begun in (False, True):
        backup, operation = backup_create.accept_create(backup_create.NewBackup("b", instance.id), caller)
        if begun:
            begin(operation.id)
        assert backup_delete.accept_delete(backup.id, caller).id == operation.id
        with pytest.raises(Busy):
            backup_delete.accept_delete(backup.id, caller)
        with pytest.raises(StepRefused):
            succeed(operation.id)
        for _ in range(2):
            moves.fail(operation.id, OperationState.FAILED)
        ended = operations.load(operation.id)
        assert ended.state == OperationState.CANCELLED
        assert ended.error == OperationError(message="cancelled: its backup was deleted meanwhile", type="Cancelled")
        assert instances.get(caller.project_id, instance.id).status == InstanceStatus.ACTIVE
        assert instances.get(caller.project_id, instance.id).fault is None
        with pytest.raises(NotFound):
            backups.get(caller.project_id, backup.id)
    with transaction() as session:
        assert quotas.usage(session, caller.project_id).backups == 0


def test_a_backup_in_use_is_busy_and_deletion_frees_the_quota() -> None:
    caller = new_caller()
    instance, created = instance_create.accept_create(new_instance("acceptance"), caller)
    finish(created)
    backup, operation = backup_create.accept_create(backup_create.NewBackup("b", instance.id), caller)
    with pytest.raises(Busy, match=f"is under way: delete backup {backup.id} to cancel it"):
        instance_restart.accept_restart(instance.id, caller)
    finish(operation)
    restored, restore = instance_restore.accept_restore(new_instance("acceptance"), backup.id, caller)
    with pytest.raises(Busy):
        backup_delete.accept_delete(backup.id, caller)
    finish(restore)
    for deletion in (
        backup_delete.accept_delete(backup.id, caller),
        instance_delete.accept_delete(restored.id, caller),
        instance_delete.accept_delete(instance.id, caller),
    ):
        finish(deletion)
    with transaction() as session:
        assert quotas.usage(session, caller.project_id) == quotas.Usage()


def test_another_project_sees_nothing() -> None:
    caller, other = new_caller(), new_caller()
    instance, created = instance_create.accept_create(new_instance("acceptance"), caller)
    finish(created, OperationState.FAILED)
    for look in (instances.get, operations.get):
        with pytest.raises(NotFound):
            look(other.project_id, instance.id)
    with pytest.raises(NotFound):
        instance_delete.accept_delete(instance.id, other)


def test_ends_are_final_and_wipe_secrets() -> None:
    caller = new_caller()
    secret = FirstUsers((User("u", "canary-password", "%"),))
    request = replace(new_instance("acceptance"), users=secret.users)
    _instance, operation = instance_create.accept_create(request, caller)
    assert sealed.get(operation, FirstUsers) == secret
    assert "canary" not in str(operation.request)
    first = BackupUpload(Prefix("http://first/", "signature"))
    assert sealed.keep(operation, first) == first
    assert sealed.keep(operation, BackupUpload(Prefix("http://second/", "signature"))) == first
    finish(operation)
    assert sealed.find(operations.load(operation.id), FirstUsers) is None
    moves.fail(operation.id, OperationState.FAILED)
    moves.abort(operation.id, "late")
    succeed(operation.id)
    assert operations.get(caller.project_id, operation.id).state == OperationState.SUCCEEDED
    assert subject(operation).instance.fault is None
