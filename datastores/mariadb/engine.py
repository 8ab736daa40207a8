"""MariaDB's engine."""

from __future__ import annotations

from datastores.mariadb.engine_mariadb import MariaDB
from datastores.mysql.engine_family import FamilyEngine


class MariadbEngine(FamilyEngine):
    """One MariaDB server."""

    product = MariaDB()
    datastore = "mariadb"
    backup_format = product.backup_format


ENGINE = MariadbEngine
