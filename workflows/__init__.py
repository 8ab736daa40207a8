"""The workflows: actions.yaml and one file per database operation, named as the operation."""

from pathlib import Path

ACTIONS = Path(__file__).with_name("actions.yaml")
PERIODIC = (Path(__file__).with_name("sweep.yaml"), Path(__file__).with_name("reconcile.yaml"))
"""What cron triggers start."""


def operation_files() -> list[Path]:
    """The workflow files of the database operations."""
    return sorted(path for path in Path(__file__).parent.glob("*.yaml") if path not in (ACTIONS, *PERIODIC))
