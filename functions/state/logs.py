"""Logs of an instance: which are enabled, how much of each was published, and the acceptance of changes.

What is published belongs to the project that asks for it: a tenant's publications are in the tenant's account, an
administrator's in that of the administrator's project, where each finds them with the usual clients.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from datastores.protocol import codec
from datastores.protocol.logs import Position
from functions.state.acceptance import Caller, Order, accept, lock_instance, not_available
from functions.state.database import transaction
from functions.state.models import Instance, InstanceStatus, LogPublication, Operation, OperationType

WITH_LOGS = frozenset({InstanceStatus.ACTIVE, InstanceStatus.BACKUP, InstanceStatus.ERROR})


class LogRequest(BaseModel):
    """What an operation on a log is to do; `enabled`: make it so, None leaves it. Discarding comes first."""

    log: str
    account: str
    """The project in whose account it is published."""
    enabled: bool | None = None
    publish: bool = False
    discard: bool = False


@dataclass(frozen=True)
class Published:
    """How much of a log was published, and by how many objects."""

    position: Position | None = None
    published_bytes: int = 0
    parts: int = 0
    discarded_by: str | None = None


def accept_log(instance_id: str, request: LogRequest, caller: Caller) -> Operation:
    """Accept a change of a log of an instance that has a host and is idle; its statuses stay as they are.

    Raises:
        NotFound, Busy.
    """
    with transaction() as session:
        instance = lock_instance(session, caller.project_id, instance_id, OperationType.INSTANCE_LOG)
        if instance.status not in WITH_LOGS or instance.management_address is None:
            raise not_available("Instance", instance_id, instance.status)
        asked = request.model_dump() | {"logs_before": instance.enabled_logs}
        return accept(session, caller, Order(OperationType.INSTANCE_LOG, asked), instance)


def record_enabled(instance_id: str, enabled: list[str]) -> None:
    """Keep which logs the engine writes."""
    with transaction() as session:
        session.get_one(Instance, instance_id, with_for_update=True).enabled_logs = enabled


def published(instance_id: str, log: str, account: str) -> Published:
    """How much of a log was published to an account."""
    with transaction() as session:
        row = session.get(LogPublication, (instance_id, log, account))
    if row is None:
        return Published()
    position = None if row.position is None else codec.decode(Position, row.position)
    return Published(position, row.published_bytes, row.parts, row.discarded_by)


def record_published(instance_id: str, request: LogRequest, before: Published, after: Published) -> None:
    """Keep that more was published; nothing when somebody did so since `before`."""
    with transaction() as session:
        session.get_one(Instance, instance_id, with_for_update=True)
        row = session.get(LogPublication, (instance_id, request.log, request.account))
        if row is None:
            row = LogPublication(instance_id=instance_id, log=request.log, project_id=request.account, parts=0)
            session.add(row)
        elif (row.position, row.parts, row.discarded_by) != (_stored(before), before.parts, before.discarded_by):
            return
        row.position, row.published_bytes = _stored(after), after.published_bytes
        row.parts, row.discarded_by = after.parts, after.discarded_by


def _stored(published: Published) -> dict[str, Any] | None:
    return None if published.position is None else codec.encode(published.position)
