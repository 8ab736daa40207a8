"""Migrations of the state database (Alembic)."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def config(database_url: str) -> Config:
    """Alembic's configuration for this database; no file is read."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent))
    settings.attributes["database_url"] = database_url
    return settings


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring the schema to `revision`; nothing happens when it is there."""
    command.upgrade(config(database_url), revision)
