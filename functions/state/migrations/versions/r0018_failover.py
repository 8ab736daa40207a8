"""Failover of groups: epochs that operations were given, what the watch keeps, and which hosts are isolated.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0018"
down_revision = "0017"

TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("groups", sa.Column("last_epoch", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("groups", sa.Column("watched_until", TIME, nullable=True))
    op.add_column("groups", sa.Column("lost", TIME, nullable=True))
    op.add_column("groups", sa.Column("last_seen", sa.JSON(), nullable=True))
    op.add_column("hosts", sa.Column("isolated", sa.Boolean(), nullable=False, server_default=sa.false()))
    groups = sa.table("groups", sa.column("epoch"), sa.column("last_epoch"))
    op.execute(groups.update().values(last_epoch=groups.c.epoch + 1))
    with op.batch_alter_table("hosts") as batch:
        batch.alter_column("isolated", existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
    with op.batch_alter_table("groups") as batch:
        batch.alter_column("last_epoch", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
