"""The schema comes about from nothing and from every earlier revision, on each database that is supported."""

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from functions.state.migrations import config, upgrade


def revisions() -> list[str]:
    """Every revision, the oldest first."""
    script = ScriptDirectory.from_config(config("postgresql+psycopg2://"))
    return [revision.revision for revision in script.walk_revisions()][::-1]


@pytest.mark.parametrize("start", [None, *revisions()])
def test_upgrade_leads_to_the_models(empty_database: str, start: str | None) -> None:
    if start is not None:
        upgrade(empty_database, start)
    upgrade(empty_database)
    upgrade(empty_database)
    command.check(config(empty_database))
