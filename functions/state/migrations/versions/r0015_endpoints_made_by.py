"""The operation that made an endpoint.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("endpoints", sa.Column("made_by", sa.String(36), nullable=True))
