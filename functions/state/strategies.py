"""Backup strategies: the names of containers that projects keep for Trove's clients."""

from sqlalchemy import select

from functions.state.database import transaction
from functions.state.models import BackupStrategy

DEFAULT = ""
"""In place of an instance's id: the project's default."""


def set_strategy(strategy: BackupStrategy) -> None:
    """Keep a strategy; one that was there is replaced."""
    with transaction() as session:
        session.merge(strategy)


def strategies(project_id: str, instance_id: str | None) -> list[BackupStrategy]:
    """The project's strategies, of one instance if it is named, the default first."""
    query = select(BackupStrategy).where(BackupStrategy.project_id == project_id)
    if instance_id is not None:
        query = query.where(BackupStrategy.instance_id == instance_id)
    with transaction() as session:
        return list(session.scalars(query.order_by(BackupStrategy.instance_id)))


def delete(project_id: str, instance_id: str) -> None:
    """Forget a strategy, if it is there."""
    with transaction() as session:
        strategy = session.get(BackupStrategy, (project_id, instance_id))
        if strategy is not None:
            session.delete(strategy)
