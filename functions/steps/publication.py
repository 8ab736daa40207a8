"""Published logs in Swift: `database_logs` in the account of the project that asked, a prefix for each log.

A host gets a TempURL to PUT below that prefix, and nothing else.
"""

from dataclasses import asdict, replace

from datastores.catalog import catalog
from functions.cloud import log_container
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state import logs, operations
from functions.state.logs import LogRequest, Published
from functions.state.subject import Subject, subject


@step("publication.prepare")
def prepare(_request: Nothing, context: StepContext) -> StepResult:
    """Discard what was published before, if that is asked for, then make the place for what is to be published."""
    about = subject(context.operation_id)
    request = LogRequest.model_validate(about.operation.request)
    if request.discard and not _discard(about, request):
        return StepResult(done=False)
    if request.publish and "upload" not in operations.secrets(about.operation.id):
        log_container.ensure(request.account)
        expires = about.operation.deadline
        url = log_container.upload_url(request.account, _prefix(about, request), expires)
        operations.add_secrets(about.operation.id, {"upload": asdict(url)})
    return StepResult()


def _discard(about: Subject, request: LogRequest) -> bool:
    """Objects older than the operation go; the count begins anew, once for the operation."""
    before = logs.published(about.instance.id, request.log, request.account)
    if before.discarded_by == about.operation.id:
        return True
    begun = about.operation.created.isoformat(timespec="microseconds")
    if not log_container.discard(request.account, _prefix(about, request), begun):
        return False
    after = replace(Published(), parts=before.parts, discarded_by=about.operation.id)
    logs.record_published(about.instance.id, request, before, after)
    return True


def _prefix(about: Subject, request: LogRequest) -> str:
    datastore = catalog().version_by_id(about.instance.datastore_version_id).datastore
    return log_container.prefix(about.instance.id, datastore, request.log)
