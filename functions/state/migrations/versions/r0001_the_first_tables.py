"""The first tables.

Revision ID: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None

TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "instances",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("datastore_version_id", sa.String(length=36), nullable=False),
        sa.Column("flavor_id", sa.String(length=255), nullable=False),
        sa.Column("memory_mb", sa.Integer(), nullable=False),
        sa.Column("cpus", sa.Integer(), nullable=False),
        sa.Column("volume_size", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=255), nullable=False),
        sa.Column("access", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("operating_status", sa.String(length=32), nullable=False),
        sa.Column("fault", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("host_id", sa.String(length=36), nullable=False),
        sa.Column("management_address", sa.String(length=64), nullable=True),
        sa.Column("management_port", sa.Integer(), nullable=True),
        sa.Column("management_username", sa.String(length=64), nullable=True),
        sa.Column("addresses", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_instances_project", "instances", ["project_id", "deleted_at", "id"], unique=False)
    op.create_table("projects", sa.Column("id", sa.String(length=64), nullable=False), sa.PrimaryKeyConstraint("id"))
    op.create_table(
        "backups",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=False),
        sa.Column("parent_id", sa.String(length=36), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("datastore_version_id", sa.String(length=36), nullable=False),
        sa.Column("volume_size", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("checksum", sa.String(length=64), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["instances.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_backups_project", "backups", ["project_id", "deleted_at", "created"], unique=False)
    op.create_table(
        "operations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("instance_id", sa.String(length=36), nullable=True),
        sa.Column("backup_id", sa.String(length=36), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("request", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("progress", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("settlements", sa.Integer(), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("started", TIME, nullable=True),
        sa.Column("ended", TIME, nullable=True),
        sa.Column("deadline", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["backup_id"],
            ["backups.id"],
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["instances.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_operations_backup", "operations", ["backup_id", "state"], unique=False)
    op.create_index("ix_operations_instance", "operations", ["instance_id", "state"], unique=False)
    op.create_index("ix_operations_project", "operations", ["project_id", "created"], unique=False)
    op.create_index("ix_operations_state", "operations", ["state", "created"], unique=False)
    op.create_table(
        "operation_steps",
        sa.Column("operation_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("started", TIME, nullable=False),
        sa.Column("ended", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operations.id"],
        ),
        sa.PrimaryKeyConstraint("operation_id", "name"),
    )
