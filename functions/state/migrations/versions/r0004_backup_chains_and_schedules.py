"""Incremental backups and those from elsewhere, backup strategies, schedules.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"

TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.alter_column("backups", "instance_id", existing_type=sa.String(length=36), nullable=True)
    op.add_column("backups", sa.Column("schedule_id", sa.String(length=36), nullable=True))
    op.create_index("ix_backups_parent", "backups", ["parent_id"], unique=False)
    op.create_index("ix_backups_schedule", "backups", ["schedule_id"], unique=False)
    op.create_table(
        "backup_strategies",
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("swift_container", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "instance_id"),
    )
    op.create_table(
        "schedules",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("pattern", sa.String(length=255), nullable=False),
        sa.Column("full_every", sa.Integer(), nullable=False),
        sa.Column("keep_count", sa.Integer(), nullable=True),
        sa.Column("keep_days", sa.Integer(), nullable=True),
        sa.Column("next_run", TIME, nullable=False),
        sa.Column("last_run", TIME, nullable=True),
        sa.Column("last_backup_id", sa.String(length=36), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("missed_runs", sa.Integer(), nullable=False),
        sa.Column("trigger_due", sa.Boolean(), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["instance_id"], ["instances.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_schedules_project", "schedules", ["project_id", "deleted_at", "id"], unique=False)
