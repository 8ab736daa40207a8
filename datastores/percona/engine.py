"""Percona Server's engine."""

from __future__ import annotations

from datastores.mysql.engine_family import FamilyEngine
from datastores.mysql.engine_mysql import MySQL


class PerconaServer(MySQL):
    """Percona Server for MySQL: MySQL's programs, tables and statements."""

    label = "Percona Server"


class PerconaEngine(FamilyEngine):
    """One Percona server."""

    product = PerconaServer()
    datastore = "percona"
    backup_format = product.backup_format


ENGINE = PerconaEngine
