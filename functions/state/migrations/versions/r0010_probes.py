"""When each instance is probed next, and how often its host was silent.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0010"
down_revision = "0009"

TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("instances", sa.Column("probe_due", TIME, nullable=False, server_default="2000-01-01 00:00:00"))
    op.add_column("instances", sa.Column("silences", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_instances_probe", "instances", ["deleted_at", "probe_due"])
