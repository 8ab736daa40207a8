"""Modes of TLS, and the certificates that tenants brought.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0012"
down_revision = "0011"

TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    for name in ("tls", "tls_before"):
        op.add_column("instances", sa.Column(name, sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "tls_certificates",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("instance_id", sa.String(36), sa.ForeignKey("instances.id"), nullable=False),
        sa.Column("container_ref", sa.String(255), nullable=False),
        sa.Column("cn", sa.String(255), nullable=False),
        sa.Column("san", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("client_authority", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created", TIME, nullable=False),
    )
    op.create_index("ix_tls_certificates_instance", "tls_certificates", ["instance_id"])
