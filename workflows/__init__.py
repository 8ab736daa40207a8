"""Paths of the workflow files: one for each database operation, with its name, and those of cron triggers."""

from pathlib import Path

ACTIONS = Path(__file__).with_name("actions.yaml")
SWEEP = Path(__file__).with_name("sweep.yaml")
RECONCILE = Path(__file__).with_name("reconcile.yaml")
HEALTH = Path(__file__).with_name("health.yaml")
WATCH = Path(__file__).with_name("watch.yaml")
TIMED = (SWEEP, RECONCILE, HEALTH, WATCH, Path(__file__).with_name("schedule_run.yaml"))
"""The workflows that cron triggers start."""
PUBLIC = Path(__file__).parent / "public"
"""The workflows that tenants start in their own projects."""


def operation_file(name: str) -> Path:
    """Return the workflow file of a database operation."""
    return Path(__file__).with_name(f"{name}.yaml")


def operation_files() -> list[Path]:
    """Return the workflow files of the database operations."""
    return sorted(path for path in Path(__file__).parent.glob("*.yaml") if path not in (ACTIONS, *TIMED))
