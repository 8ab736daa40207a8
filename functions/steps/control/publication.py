"""Published logs in Swift: `database_logs` in the account of the project that asked, a prefix for each log.

The host gets a TempURL to PUT below that prefix only.
"""

from dataclasses import asdict, replace

from datastores.catalog import catalog
from datastores.protocol.storage import Prefix
from functions.framework.step import Nothing, StepResult, step
from functions.operations.instance_log import Request
from functions.state.logs import logs
from functions.state.logs.logs import Published
from functions.state.operations import sealed
from functions.state.operations.acceptance import request_of
from functions.state.operations.context import TaskContext
from functions.state.operations.secrets import LogUpload
from functions.storage import log_container


@step("publication.prepare")
def prepare(_request: Nothing, context: TaskContext) -> StepResult:
    """Delete the published objects if asked to, then create the container and a TempURL if asked to publish."""
    asked = request_of(context.operation, Request)
    if asked.discard and not _discard(context, asked):
        return StepResult(done=False)
    if asked.publish and sealed.find(context.operation, LogUpload) is None:
        log_container.ensure(asked.account)
        url = log_container.upload_url(asked.account, _prefix(context, asked), context.operation.deadline)
        sealed.keep(context.operation, LogUpload(Prefix(**asdict(url))))
    return StepResult()


def _discard(context: TaskContext, asked: Request) -> bool:
    """Delete objects older than the operation and reset what was published, once; return False if objects are left."""
    operation, instance = context.operation, context.instance
    before = logs.published(instance.id, asked.log, asked.account)
    if before.discarded_by == operation.id:
        return True
    begun = operation.created.isoformat(timespec="microseconds")
    if not log_container.discard(asked.account, _prefix(context, asked), begun):
        return False
    after = replace(Published(), parts=before.parts, discarded_by=operation.id)
    logs.record_published(instance.id, asked.log, asked.account, before, after)
    return True


def _prefix(context: TaskContext, asked: Request) -> str:
    datastore = catalog().version_by_id(context.instance.datastore_version_id).datastore
    return log_container.prefix(context.instance.id, datastore, asked.log)
