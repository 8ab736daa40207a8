"""The parts of plans that are about an instance's stack."""

from functions.operations.kind import Task

SECONDS = 1800

DELETED = (Task("delete_stack", "stack.delete"), Task("await_no_stack", "stack.await_gone", seconds=SECONDS))
"""It is deleted, and gone."""
CREATED = (
    Task("create_stack", "stack.create", undo=DELETED),
    Task("await_stack", "stack.await_complete", seconds=SECONDS),
)
"""It is there."""


def updated(*undo: Task) -> tuple[Task, ...]:
    """It is what the row says; undone, it is what it was, and then `undo` follows."""
    reverted = (
        Task("revert_stack", "stack.revert", seconds=SECONDS),
        Task("await_old_stack", "stack.await_reverted", seconds=SECONDS),
    )
    return (
        Task("update_stack", "stack.update", seconds=SECONDS, undo=(*reverted, *undo)),
        Task("await_stack", "stack.await_complete", seconds=SECONDS),
    )
