"""The parts of plans that are jobs on the instance's host."""

from functions.operations.kind import Task


def done(action: str, seconds: int, *undo: Task) -> tuple[Task]:
    """A job. Undone it is cancelled, and then `undo` follows."""
    asked = {"action": action}
    cancel = Task("cancel_job", "job.cancel", asked, 60, optional=True)
    return (Task(f"run_{action}", "job.run", asked, seconds, (cancel, *undo)),)


def done_again(action: str, seconds: int) -> tuple[Task]:
    """The undoing of a job by the same one with the values from before."""
    return (Task(f"undo_{action}", "job.run_undo", {"action": action}, seconds),)
