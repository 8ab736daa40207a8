"""Schedules in the state: a run has one backup however often it is called for, missed runs count, retention keeps what
is needed. On PostgreSQL and MariaDB, without a Mistral."""

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from functions.base.clock import now
from functions.base.errors import Busy, NotFound, StepRefused
from functions.base.ids import new_id
from functions.base.statuses import BackupStatus, InstanceStatus, OperationState
from functions.operations import backup_create, backup_delete
from functions.operations.parts import scheduled_backups
from functions.state.backups import backups, chains
from functions.state.backups.models import Backup
from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation
from functions.state.schedules import runs as schedule_runs
from functions.state.schedules import schedules
from functions.state.schedules.models import Schedule
from tests.support.operations import finish

pytestmark = pytest.mark.usefixtures("state")
AT_ONCE = 6
DUE_FOR = timedelta(minutes=2)
"""The run that is due has been so for about this long: not so briefly that the next minute's is due early, and not so
long that it would not wait for a busy instance."""


@pytest.fixture
def caller() -> Caller:
    return Caller(f"schedules-{uuid.uuid4()}", "tester", "req-schedules")


@pytest.fixture
def instance(caller: Caller) -> Instance:
    made = Instance(
        id=new_id(), project_id=caller.project_id, name="scheduled", datastore_version_id="any", flavor_id="1",
        flavor_name="small", memory_mb=512, cpus=1, volume_size=1, region="RegionOne", status=InstanceStatus.ACTIVE,
    )  # fmt: skip
    with transaction() as session:
        session.add(made)
    return made


@pytest.fixture
def new(caller: Caller, instance: Instance) -> Callable[..., Schedule]:
    """Makes hourly schedules with one run that is due."""

    def make(**rules: Any) -> Schedule:  # noqa: ANN401 - of NewSchedule
        hourly = f"{(now() - DUE_FOR).minute} * * * *"
        schedule = schedules.create(schedules.NewSchedule("nightly", instance.id, hourly, **rules), caller)
        turn_back(schedule, timedelta(hours=1))
        return schedule

    return make


def turn_back(schedule: Schedule, by: timedelta) -> None:
    with transaction() as session:
        session.get_one(Schedule, schedule.id).next_run -= by


def read(schedule: Schedule) -> Schedule:
    return schedules.get(schedule.project_id, schedule.id)


def end(operation: Operation | None, state: OperationState = OperationState.SUCCEEDED) -> str:
    """End an operation without a workflow; the id of its backup."""
    assert operation is not None
    finish(operation, state)
    assert operation.backup_id is not None
    return operation.backup_id


def serve(schedule: Schedule, runs: int) -> list[str]:
    """The backups of so many runs, one after the other."""
    made = []
    for _ in range(runs):
        made.append(end(scheduled_backups.accept_run(schedule.id).operation))
        turn_back(schedule, timedelta(hours=1))
    return made


def parents(ids: Sequence[str]) -> list[int | None]:
    """For each backup the position of its parent."""
    with transaction() as session:
        rows = [session.get_one(Backup, identifier) for identifier in ids]
    return [None if row.parent_id is None else ids.index(row.parent_id) for row in rows]


def test_a_run_is_served_once_though_called_for_by_many_at_once(new: Callable[..., Schedule]) -> None:
    schedule = new()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [f.result() for f in [pool.submit(scheduled_backups.accept_run, schedule.id) for _ in range(AT_ONCE)]]
    [operation] = [run.operation for run in runs if run.operation]
    seen = read(schedule)
    assert (seen.last_backup_id, seen.missed_runs, seen.last_error) == (operation.backup_id, 0, None)
    assert seen.next_run > now()
    assert operation.user_id == "tester"
    end(operation)
    assert scheduled_backups.accept_run(schedule.id) == scheduled_backups.Run()


def test_runs_whose_time_passed_are_missed_and_one_is_made_good(new: Callable[..., Schedule]) -> None:
    schedule = new()
    turn_back(schedule, timedelta(hours=7))
    end(scheduled_backups.accept_run(schedule.id).operation)
    assert read(schedule).missed_runs == 7


def test_a_run_waits_for_a_busy_instance_and_gives_up_in_the_end(
    new: Callable[..., Schedule], instance: Instance, caller: Caller
) -> None:
    schedule = new()
    operation = backup_create.accept_create(backup_create.NewBackup("by hand", instance.id), caller)[1]
    assert scheduled_backups.accept_run(schedule.id).waiting
    with transaction() as session:
        row = session.get_one(Schedule, schedule.id)
        row.pattern = "0 0 1 1 *"
        row.next_run = now().replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    assert scheduled_backups.accept_run(schedule.id) == scheduled_backups.Run()
    seen = read(schedule)
    assert seen.missed_runs == 1
    assert "is not currently available" in (seen.last_error or "")
    end(operation)


def test_every_nth_backup_is_full(new: Callable[..., Schedule]) -> None:
    assert parents(serve(new(full_every=3), 7)) == [None, 0, 1, None, 3, 4, None]


def test_a_backup_made_by_hand_is_none_of_the_chain(
    new: Callable[..., Schedule], instance: Instance, caller: Caller
) -> None:
    schedule = new(full_every=9)
    [first] = serve(schedule, 1)
    by_hand = end(
        backup_create.accept_create(backup_create.NewBackup("by hand", instance.id, incremental=True), caller)[1]
    )
    [second] = serve(schedule, 1)
    assert parents([first, by_hand, second]) == [None, 0, 0]


def test_a_backup_that_is_asked_for_is_one_of_the_schedules_and_changes_no_time(
    new: Callable[..., Schedule], caller: Caller
) -> None:
    schedule = new(full_every=9)
    [first] = serve(schedule, 1)
    before = read(schedule)
    asked, operation = scheduled_backups.accept_now(schedule.id, caller)
    with pytest.raises(Busy):
        scheduled_backups.accept_now(schedule.id, caller)
    end(operation)
    after = read(schedule)
    assert (after.next_run, after.last_run, after.missed_runs) == (before.next_run, before.last_run, before.missed_runs)
    assert after.last_backup_id == asked.id
    [second] = serve(schedule, 1)
    assert parents([first, asked.id, second]) == [None, 0, 1]
    with pytest.raises(NotFound):
        scheduled_backups.accept_now(schedule.id, Caller("other", "tester", "req-other"))


@pytest.mark.parametrize(
    ("full_every", "keep_count", "tops"),
    [
        (1, 2, [0, 1, 2, 3]),
        (1, 6, []),
        (3, 2, [0]),
        (3, 3, [0]),
        (3, 4, []),
        (2, 1, [0, 2]),
    ],
)
def test_retention_by_count_keeps_what_is_needed(
    new: Callable[..., Schedule], full_every: int, keep_count: int, tops: list[int]
) -> None:
    schedule = new(full_every=full_every, keep_count=keep_count)
    made = serve(schedule, 6)
    assert sorted(made.index(identifier) for identifier in schedule_runs.retired(schedule.id).backup_ids) == tops


def test_retention_by_age_keeps_the_newest_and_joins_with_the_count(new: Callable[..., Schedule]) -> None:
    schedule = new(keep_days=3)
    made = serve(schedule, 4)
    with transaction() as session:
        for age, identifier in zip((20, 10, 5, 4), made, strict=True):
            session.get_one(Backup, identifier).created -= timedelta(days=age)
    assert schedule_runs.retired(schedule.id).backup_ids == made[2::-1]
    schedules.update(schedule.project_id, schedule.id, {"keep_count": 2})
    assert schedule_runs.retired(schedule.id).backup_ids == made[1::-1]
    schedules.update(schedule.project_id, schedule.id, {"keep_count": None, "keep_days": None})
    assert schedule_runs.retired(schedule.id).backup_ids == []


def test_retention_never_takes_what_somebody_else_built_on(
    new: Callable[..., Schedule], instance: Instance, caller: Caller
) -> None:
    schedule = new(keep_count=1)
    [first] = serve(schedule, 1)
    end(backup_create.accept_create(backup_create.NewBackup("by hand", instance.id, parent_id=first), caller)[1])
    [second] = serve(schedule, 1)
    assert schedule_runs.retired(schedule.id).backup_ids == []
    assert backups.get(caller.project_id, second).parent_id is None


def test_a_failed_backup_goes_when_a_newer_one_succeeded(new: Callable[..., Schedule]) -> None:
    schedule = new(keep_count=5)
    failed = end(scheduled_backups.accept_run(schedule.id).operation, OperationState.FAILED)
    turn_back(schedule, timedelta(hours=1))
    assert schedule_runs.retired(schedule.id).backup_ids == []
    serve(schedule, 1)
    assert schedule_runs.retired(schedule.id).backup_ids == [failed]


def test_a_schedule_that_ended_does_nothing(new: Callable[..., Schedule]) -> None:
    schedule = new()
    schedules.delete(schedule.project_id, schedule.id)
    for call in (scheduled_backups.accept_run, schedule_runs.retired, schedule_runs.is_quiet):
        with pytest.raises(StepRefused, match="has ended"):
            call(schedule.id)
    with pytest.raises(NotFound):
        read(schedule)


def test_unsettled_are_those_out_of_step_lost_or_without_their_instance(
    new: Callable[..., Schedule], instance: Instance
) -> None:
    settled, fresh, lost = new(), new(), new()
    for schedule in (settled, lost):
        with schedules.trigger_of(schedule.id):
            pass
    assert schedule_runs.unsettled() == []
    age(settled, fresh, lost)
    assert schedule_runs.unsettled() == [fresh.id]
    turn_back(lost, timedelta(hours=1))
    schedule_runs.unsettled()
    age(settled, fresh, lost)
    assert set(schedule_runs.unsettled()) == {fresh.id, lost.id}
    assert read(lost).missed_runs == 2
    assert "Mistral did not start the run" in (read(lost).last_error or "")
    with transaction() as session:
        session.get_one(Instance, instance.id).deleted_at = now()
    schedule_runs.unsettled()
    with pytest.raises(NotFound):
        read(settled)


def age(*made: Schedule) -> None:
    with transaction() as session:
        for schedule in made:
            row = session.get_one(Schedule, schedule.id)
            row.updated = now() - timedelta(minutes=1)


def test_a_chain_is_deleted_whole_and_not_while_a_part_is_in_use(instance: Instance, caller: Caller) -> None:
    full = end(backup_create.accept_create(backup_create.NewBackup("full", instance.id), caller)[1])
    first = end(backup_create.accept_create(backup_create.NewBackup("first", instance.id, parent_id=full), caller)[1])
    making = backup_create.accept_create(backup_create.NewBackup("second", instance.id, parent_id=first), caller)[1]
    with pytest.raises(Busy):
        backup_delete.accept_delete(full, caller)
    second = end(making)
    assert [backup.id for backup in chains.of(second)] == [full, first, second]
    assert [backup.id for backup in chains.upon(full)] == [second, first]
    deleting = backup_delete.accept_delete(first, caller)
    for refused in (full, first, second):
        with pytest.raises(Busy):
            backup_delete.accept_delete(refused, caller)
    with pytest.raises(Busy):
        backup_create.accept_create(backup_create.NewBackup("third", instance.id, parent_id=second), caller)
    fourth = backup_create.accept_create(backup_create.NewBackup("fourth", instance.id, incremental=True), caller)[0]
    assert fourth.parent_id is None, "what is being deleted is nothing to build on"
    end(deleting, OperationState.FAILED)
    statuses = [backups.get(caller.project_id, identifier).status for identifier in (full, first, second)]
    assert statuses == [BackupStatus.COMPLETED, BackupStatus.DELETE_FAILED, BackupStatus.DELETE_FAILED]
