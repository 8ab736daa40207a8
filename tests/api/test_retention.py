"""What has ended is removed in its time, and what something refers to stays."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from functions.base.clock import now
from functions.base.settings import get_settings
from functions.base.statuses import OperationState
from functions.state.audit import audit
from functions.state.audit.models import AuditEvent
from functions.state.database import transaction
from functions.state.idempotency import idempotency
from functions.state.idempotency.models import IdempotencyKey
from functions.state.instances.models import Fault, Instance
from functions.state.logs.models import LogPublication
from functions.state.metrics.metrics import collect
from functions.state.operations import retention, totals
from functions.state.operations.models import Operation, OperationTask, Watermark
from tests.support.records import recorded

PROJECT = "retention-tests"
DAYS = 10


@pytest.fixture
def instance_id(state: None) -> Iterator[str]:
    settings = get_settings()
    before = settings.operation_retention_days, settings.audit_retention_days
    settings.operation_retention_days = settings.audit_retention_days = DAYS
    with recorded(PROJECT, 1) as (identifier,):
        yield identifier
        with transaction() as session:
            for kind in (LogPublication, IdempotencyKey, OperationTask, AuditEvent, Operation):
                session.query(kind).delete()
    settings.operation_retention_days, settings.audit_retention_days = before


def store(instance_id: str, age: float, state: str = "SUCCEEDED", kind: str = "instance_restart") -> str:
    """An operation that ended so many days ago, with a task and an event."""
    then = now() - timedelta(days=age)
    operation = Operation(
        project_id=PROJECT, user_id="u", request_id="r", type=kind, state=state, instance_id=instance_id,
        created=then, ended=None if state in ("QUEUED", "RUNNING") else then, deadline=then,
    )  # fmt: skip
    with transaction() as session:
        session.add(operation)
        session.flush()
        session.add(OperationTask(operation_id=operation.id, task="run_restart", step="job.run"))
        audit.record(session, operation, audit.Event.ENDED)
        session.flush()
        session.execute(update(AuditEvent).where(AuditEvent.operation_id == operation.id).values(at=then))
    return operation.id


def kept(kind: type[Operation | OperationTask | AuditEvent] = Operation) -> set[str]:
    """Ids of the operations that are there, or have tasks or events."""
    column = Operation.id if kind is Operation else kind.operation_id  # type: ignore[union-attr]
    with transaction() as session:
        return set(session.scalars(select(column)))


def remove_all() -> int:
    """Remove portion by portion; gives how many rows went."""
    removed = 0
    while portion := retention.remove_portion():
        assert portion <= 2 * get_settings().removal_portion
        removed += portion
    return removed


def test_old_ended_operations_go_with_all_they_have(instance_id: str) -> None:
    store(instance_id, DAYS + 1)
    store(instance_id, DAYS + 1, "FAILED")
    young, active = store(instance_id, DAYS - 1), store(instance_id, DAYS + 1, "RUNNING")
    assert remove_all() == 4
    for kind in (Operation, OperationTask, AuditEvent):
        assert kept(kind) == {young, active}


def test_nothing_goes_when_the_days_are_0(instance_id: str) -> None:
    old = store(instance_id, 10_000)
    get_settings().operation_retention_days = get_settings().audit_retention_days = 0
    assert remove_all() == 0
    get_settings().operation_retention_days = DAYS
    assert remove_all() == 0
    assert kept() == kept(AuditEvent) == {old}


def test_audit_events_may_go_before_their_operation(instance_id: str) -> None:
    operation_id = store(instance_id, DAYS - 1)
    get_settings().audit_retention_days = DAYS - 2
    assert remove_all() == 1
    assert (kept(), kept(AuditEvent)) == ({operation_id}, set())


def test_what_is_referred_to_stays(instance_id: str) -> None:
    published, keyed, told = (store(instance_id, DAYS + 2, "FAILED") for _ in range(3))
    stuck = store(instance_id, DAYS + 2, "NEEDS_OPERATOR")
    not_made = store(instance_id, DAYS + 2, "FAILED", "instance_create")
    free = [store(instance_id, DAYS + 1) for _ in range(3)]
    with transaction() as session:
        session.add(
            LogPublication(instance_id=instance_id, log="l", project_id=PROJECT, parts=0, discarded_by=published)
        )
        session.add(IdempotencyKey(project_id=PROJECT, key="k", fingerprint="f", operation_id=keyed))
        session.get_one(Instance, instance_id).fault = Fault(message="m", created="", details=f"operation {told}")
    remove_all()
    assert kept() == {published, keyed, told, stuck, not_made}
    assert not kept() & set(free)
    with transaction() as session:
        session.get_one(Instance, instance_id).deleted_at = now()
    remove_all()
    assert kept() == {published, keyed}


def test_removals_at_once_and_portions_that_stay_do_not_hinder(
    instance_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "removal_portion", 3)
    stuck = {store(instance_id, DAYS + 5, "NEEDS_OPERATOR") for _ in range(7)}
    for _ in range(20):
        store(instance_id, DAYS + 1)
    with ThreadPoolExecutor(3) as pool:
        removed = list(pool.map(lambda _: remove_all(), range(3)))
    remove_all()
    assert kept() == stuck
    assert sum(removed) <= 20 + 27


def test_totals_count_what_was_removed(instance_id: str) -> None:
    with transaction() as session:
        session.get_one(Watermark, totals.WATERMARK).at = now() - timedelta(days=DAYS + 9)
    old = ("instance_restart", "SUCCEEDED")
    for _ in range(3):
        store(instance_id, DAYS + 1)
    store(instance_id, 0)
    store(instance_id, 1, OperationState.RUNNING)
    assert remove_all() == 3, "only events may go: the operations are not counted yet"
    expected = {old: 4, ("instance_restart", "RUNNING"): 1}
    assert collect().operations == expected
    totals.move_watermark()
    assert collect().operations == expected
    assert remove_all() == 3
    assert collect().operations == expected


def test_keys_go_in_portions(instance_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "removal_portion", 2)
    with transaction() as session:
        for number in range(5):
            created = now() - 2 * timedelta(hours=get_settings().idempotency_keep_hours)
            session.add(IdempotencyKey(project_id=PROJECT, key=str(number), fingerprint="f", created=created))
        session.add(IdempotencyKey(project_id=PROJECT, key="young", fingerprint="f"))
    idempotency.forget_expired()
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == 1
