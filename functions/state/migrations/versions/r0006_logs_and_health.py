"""Enabled logs, publications of logs, and when an instance's operating status changed.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0006"
down_revision = "0005"

TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("instances", sa.Column("service_status_updated", TIME, nullable=True))
    json = sa.JSON(none_as_null=True)
    op.add_column("instances", sa.Column("enabled_logs", json, nullable=False, server_default=sa.text("'[]'")))
    op.create_table(
        "log_publications",
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("log", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("position", json, nullable=True),
        sa.Column("published_bytes", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("discarded_by", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["instance_id"], ["instances.id"]),
        sa.PrimaryKeyConstraint("instance_id", "log", "project_id"),
    )
