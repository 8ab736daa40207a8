"""Choices of administrators for the catalog's datastore versions."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from functions.state.database import transaction
from functions.state.instances.models import Instance
from functions.state.version_choices.models import VersionChoice


@dataclass(frozen=True)
class Choice:
    """An administrator's choice for one version."""

    active: bool
    removed: bool = False
    is_default: bool = False


def choices() -> Mapping[str, Choice]:
    """Return all choices by the version's id."""
    with transaction() as session:
        rows = session.scalars(select(VersionChoice))
        return {row.version_id: Choice(row.active, row.removed, row.is_default) for row in rows}


def choose(version_id: str, choice: Choice, siblings: Mapping[str, Choice]) -> None:
    """Store a choice, and those for `siblings`: other versions of the datastore, none of which is its default now."""
    with transaction() as session:
        for other, kept in siblings.items():
            session.merge(VersionChoice(version_id=other, active=kept.active, removed=kept.removed, is_default=False))
        row = VersionChoice(
            version_id=version_id, active=choice.active, removed=choice.removed, is_default=choice.is_default
        )
        session.merge(row)


def is_used(version_id: str) -> bool:
    """Return whether an instance that is not deleted has the version."""
    query = select(func.count()).where(Instance.datastore_version_id == version_id, Instance.deleted_at.is_(None))
    with transaction() as session:
        return bool(session.scalar(query))
