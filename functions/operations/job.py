"""The parts of plans that are jobs on the instance's host."""

from functions.operations.kind import TASK_SECONDS, Task


def done(
    action: str, seconds: int, *, start_seconds: int = TASK_SECONDS, undo: tuple[Task, ...] = ()
) -> tuple[Task, Task]:
    """A job: started, then awaited. Undone it is cancelled, and then `undo` follows."""
    asked = {"action": action}
    cancel = Task("cancel_job", "job.cancel", asked, 60, optional=True)
    start = Task(f"start_{action}", "job.start", asked, start_seconds, (cancel, *undo))
    return start, Task(f"await_{action}", "job.wait", asked, seconds)


def done_again(action: str, seconds: int, *, start_seconds: int = TASK_SECONDS) -> tuple[Task, Task]:
    """The undoing of a job by the same one with the values from before."""
    asked = {"action": action}
    return (
        Task(f"undo_{action}", "job.start_undo", asked, start_seconds),
        Task("await_undo", "job.wait_undo", asked, seconds),
    )
