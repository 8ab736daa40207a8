"""What the health probe finds of a group's members, and since when a replica does not follow.

Revision ID: 0017
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from functions.state.tables import TIME

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("instances", sa.Column("observation", sa.JSON(), nullable=True))
    op.add_column("instances", sa.Column("astray_since", TIME, nullable=True))
