"""Backup strategies: the names of containers that projects set by Trove's clients."""

from sqlalchemy import select

from functions.state.backups.models import BackupStrategy
from functions.state.database import transaction

DEFAULT = ""
"""Id that stands for all instances of the project without a strategy of their own."""


def set_strategy(strategy: BackupStrategy) -> None:
    """Store a strategy, in place of the one for the same instance."""
    with transaction() as session:
        session.merge(strategy)


def strategies(project_id: str, instance_id: str | None) -> list[BackupStrategy]:
    """Return the project's strategies, the default first; only the instance's if one is named."""
    query = select(BackupStrategy).where(BackupStrategy.project_id == project_id)
    if instance_id is not None:
        query = query.where(BackupStrategy.instance_id == instance_id)
    with transaction() as session:
        return list(session.scalars(query.order_by(BackupStrategy.instance_id)))


def delete(project_id: str, instance_id: str) -> None:
    """Delete a strategy, if there is one."""
    with transaction() as session:
        strategy = session.get(BackupStrategy, (project_id, instance_id))
        if strategy is not None:
            session.delete(strategy)
