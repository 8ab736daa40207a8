"""Endpoints with all their addresses and targets.

The table of revision 0011 was never written to: it is made anew, since the names of its keys differ between databases.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0013"
down_revision = "0012"

TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
ID, KIND, COUNT = sa.String(36), sa.String(32), sa.Integer()


def upgrade() -> None:
    op.drop_table("endpoints")
    op.create_table(
        "endpoints",
        sa.Column("id", ID, primary_key=True),
        sa.Column("group_id", ID, sa.ForeignKey("groups.id"), nullable=False),
        sa.Column("kind", KIND, nullable=False),
        sa.Column("generation", COUNT, nullable=False),
        sa.Column("target_host_ids", sa.JSON(), nullable=False),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("source_cidrs", sa.JSON(), nullable=False),
        sa.Column("held_by_host", sa.Boolean(), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
    )
    op.create_index("ix_endpoints_group", "endpoints", ["group_id", "kind"])
