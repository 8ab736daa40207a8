"""The backup in Swift that new replicas begin with, where their engine cannot copy a running server.

It belongs to their operation: nobody can list or restore it, and it is deleted before the operation ends.
"""

from datastores.catalog import catalog
from datastores.protocol.replication import Rejoined
from functions.cloud import swift
from functions.framework.step import Nothing, StepResult, step
from functions.state.operations import sealed
from functions.state.operations.context import TaskContext
from functions.state.operations.models import Operation
from functions.state.operations.secrets import BackupDownload, BackupUpload
from functions.storage.backup_objects import container, prefix, url


@step("seed.prepare")
def prepare(_request: Nothing, context: TaskContext) -> StepResult:
    """Create the container, and TempURLs with which the primary can write below the operation's prefix, and the
    replicas read. Do nothing if the datastore seeds from a member, or the replica follows with its own data."""
    operation = context.operation
    rejoined = sealed.find(operation, Rejoined)
    seeds = catalog().datastore_of(context.spec.datastore_version_id).seeds
    if seeds != "backup" or (rejoined is not None and rejoined.following):
        return StepResult()
    swift.ensure_container(container(operation))
    sealed.keep(operation, BackupDownload((url("GET", operation, operation.deadline),)))
    sealed.keep(operation, BackupUpload(url("PUT", operation, operation.deadline)))
    return StepResult()


@step("seed.forget")
def forget(_request: Nothing, context: TaskContext) -> StepResult:
    """Delete the backup, which the replicas have read."""
    return _deleted(context.operation)


@step("seed.remove", compensation=True)
def remove(_request: Nothing, context: TaskContext) -> StepResult:
    """Delete what there is of the backup."""
    return _deleted(context.operation)


def _deleted(operation: Operation) -> StepResult:
    """Delete objects below the operation's prefix; done if none is left, or nobody was allowed to write there."""
    if sealed.find(operation, BackupUpload) is None:
        return StepResult()
    return StepResult(done=swift.delete_prefix(container(operation), prefix(operation)))
