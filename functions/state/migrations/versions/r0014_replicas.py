"""Parts of instances in operations, and the sealed password of a group's replication account.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

MAKING = ("instance_create", "instance_restore")
"""Operations under way that make their instance."""


def upgrade() -> None:
    op.add_column("groups", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.add_column("operation_targets", sa.Column("part", sa.String(32), nullable=False, server_default="member"))
    operations = sa.table("operations", sa.column("id"), sa.column("type"))
    targets = sa.table("operation_targets", sa.column("operation_id"), sa.column("part"), sa.column("kind"))
    making = sa.select(operations.c.id).where(operations.c.type.in_(MAKING))
    op.execute(
        targets.update().where(targets.c.kind == "instance", targets.c.operation_id.in_(making)).values(part="new")
    )
    with op.batch_alter_table("operation_targets") as batch:
        batch.alter_column("part", existing_type=sa.String(32), existing_nullable=False, server_default=None)
