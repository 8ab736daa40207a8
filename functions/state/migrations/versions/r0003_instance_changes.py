"""Deletion protection and tags of instances, limits of projects, choices among the catalog's versions.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    json = sa.JSON(none_as_null=True)
    op.add_column(
        "instances", sa.Column("deletion_protection", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("instances", sa.Column("tags", json, nullable=False, server_default=sa.text("'[]'")))
    op.create_table(
        "quota_limits",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=32), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "resource"),
    )
    op.create_table(
        "version_choices",
        sa.Column("version_id", sa.String(length=36), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("version_id"),
    )
