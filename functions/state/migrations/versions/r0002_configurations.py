"""Configuration groups.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table(
        "configurations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("datastore_version_id", sa.String(length=36), nullable=False),
        sa.Column("values", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_configurations_project", "configurations", ["project_id", "deleted_at", "id"], unique=False)
    op.add_column("instances", sa.Column("configuration_id", sa.String(length=36), nullable=True))
    op.add_column(
        "instances", sa.Column("configuration_revision", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column(
        "instances",
        sa.Column("configuration_values", sa.JSON(none_as_null=True), nullable=False, server_default=sa.text("'{}'")),
    )
    op.add_column("instances", sa.Column("restart_required", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_foreign_key("fk_instances_configuration", "instances", "configurations", ["configuration_id"], ["id"])
    op.create_index("ix_instances_configuration", "instances", ["configuration_id"], unique=False)
