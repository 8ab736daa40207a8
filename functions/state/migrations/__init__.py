"""Migrations of the state database (Alembic)."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def config(database_url: str) -> Config:
    """Return Alembic's configuration for the database, without reading a file."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent))
    settings.attributes["database_url"] = database_url
    return settings


def upgrade(database_url: str, revision: str = "head") -> None:
    """Upgrade the schema to `revision`, unless it is there already."""
    command.upgrade(config(database_url), revision)
