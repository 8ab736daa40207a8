"""The parts of plans that are about a backup's objects."""

from functions.operations.kind import Task

REMOVED = (Task("remove_backup", "backup.remove", seconds=3600),)
"""Nothing is left of them."""
