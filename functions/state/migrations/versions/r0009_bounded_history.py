"""Indexes for lists and removal of what has ended, and totals of ended operations.

Revision ID: 0009
Revises: 0008
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from functions.base.clock import now

revision = "0009"
down_revision = "0008"

TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
INDEXES = {
    "instances": {"existing": ["deleted_at", "status"]},
    "backups": {"existing": ["deleted_at", "status"]},
    "log_publications": {"discarded": ["discarded_by"]},
    "idempotency_keys": {"operation": ["operation_id"], "created": ["created"]},
    "audit_events": {"at": ["at"]},
    "operations": {
        "project_state": ["project_id", "state", "created", "id"],
        "project_type": ["project_id", "type", "created", "id"],
        "project_type_state": ["project_id", "type", "state", "created", "id"],
        "request": ["request_id"],
        "instance_created": ["instance_id", "created", "id"],
        "ended": ["ended", "type", "state", "created"],
    },
}
COUNTED = timedelta(minutes=5)
"""Time since their end from which operations are counted in the totals."""


def upgrade() -> None:
    for table, indexes in INDEXES.items():
        for name, columns in indexes.items():
            op.create_index(f"ix_{table}_{name}", table, columns)
    op.drop_index("ix_operations_project", "operations")
    op.create_index("ix_operations_project", "operations", ["project_id", "created", "id"])
    totals = op.create_table(
        "operation_totals",
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("type", "state"),
    )
    marks = op.create_table(
        "watermarks",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    counted_until = now() - COUNTED
    op.bulk_insert(marks, [{"name": "operations_counted", "at": counted_until}])
    op.execute(totals.insert().from_select(["type", "state", "number"], _ended(counted_until)))


def _ended(before: datetime) -> sa.Select[tuple[str, str, int]]:
    operations = sa.table("operations", sa.column("type"), sa.column("state"), sa.column("ended", TIME))
    kinds = (operations.c.type, operations.c.state)
    return sa.select(*kinds, sa.func.count()).where(operations.c.ended < before).group_by(*kinds)
