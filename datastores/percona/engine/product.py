"""Percona Server among the products of the MySQL family."""

from __future__ import annotations

from datastores.mysql.engine.product import MySQL


class PerconaServer(MySQL):
    """Percona Server for MySQL: MySQL's programs, tables and statements."""

    label = "Percona Server"


PRODUCT = PerconaServer()
