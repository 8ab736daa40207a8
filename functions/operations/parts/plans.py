"""The parts of plans: jobs on the instance's host, changes of its stack, the removal of a backup."""

from dataclasses import replace

from functions.framework.operation import On, Task
from functions.state.endpoints.endpoints import Kind

STACK_SECONDS = 1800
"""Seconds after which a task that changes a stack fails."""

STACK_DELETED = (Task("delete_stack", "stack.delete", seconds=STACK_SECONDS),)
"""Delete the stack and wait until it is gone."""
STACK_CREATED = (Task("create_stack", "stack.create", seconds=STACK_SECONDS, undo=STACK_DELETED),)
"""Create the stack and wait until it is complete; undoing deletes it."""
BACKUP_REMOVED = (Task("remove_backup", "backup.remove", seconds=3600, on=On.NONE),)
"""Delete all objects of the operation's backup."""
_SEED_REMOVED = Task("remove_seed", "seed.remove", seconds=3600, on=On.NONE)
_SEED_CANCELLED = Task("cancel_seed", "job.cancel_seed", seconds=60, on=On.PRIMARY, optional=True)
SEED_MADE = (
    Task("prepare_seed", "seed.prepare", undo=(_SEED_REMOVED,)),
    Task("run_seed", "job.run_seed", seconds=86400, on=On.PRIMARY, undo=(_SEED_CANCELLED,)),
)
"""Have the primary write the backup that a new copy begins with, where its engine needs one."""
SEED_FORGOTTEN = (Task("forget_seed", "seed.forget", seconds=3600, on=On.NONE),)
"""Delete that backup."""


def stack_updated(*undo: Task) -> tuple[Task]:
    """Return the task that updates the stack to the new spec. Undoing reverts the stack, then runs `undo`."""
    reverted = Task("revert_stack", "stack.revert", seconds=STACK_SECONDS)
    return (Task("update_stack", "stack.update", seconds=STACK_SECONDS, undo=(reverted, *undo)),)


def job(action: str, seconds: int, *undo: Task) -> tuple[Task]:
    """Return the task of a job. Undoing cancels the job, then runs `undo`."""
    asked = {"action": action}
    cancel = Task("cancel_job", "job.cancel", asked, 60, optional=True)
    return (Task(f"run_{action}", "job.run", asked, seconds, (cancel, *undo)),)


def job_undone(action: str, seconds: int) -> tuple[Task]:
    """Return the task that undoes a job by running it again with the old values."""
    return (Task(f"undo_{action}", "job.run_undo", {"action": action}, seconds),)


def on_each_member(tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    """Return the tasks, with their undoing, on every instance that the operation holds."""
    return tuple(on(On.EACH_MEMBER, task) for task in tasks)


def pointed(kind: Kind, *undo: Task) -> tuple[Task]:
    """Return the task that leads the group's endpoint of a kind to its present primary or readers."""
    return (Task(f"point_{kind}", "endpoint.point", {"kind": kind}, undo=undo),)


def pointed_back(kind: Kind) -> tuple[Task]:
    """Return the task that undoes that, once the rows say what they said before."""
    return (Task(f"point_{kind}_back", "endpoint.point_back", {"kind": kind}),)


def on(targets: On, task: Task) -> Task:
    """Return the task, with its undoing, on other targets."""
    return replace(task, on=targets, undo=tuple(on(targets, undo) for undo in task.undo))
