"""Alembic's entry: runs the migrations on the URL given by `functions.state.migrations.config`."""

from alembic import context
from sqlalchemy import create_engine

from functions.state.models import TABLES

engine = create_engine(context.config.attributes["database_url"])
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=TABLES[0].metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
