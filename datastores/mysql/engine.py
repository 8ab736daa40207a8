"""MySQL's engine."""

from __future__ import annotations

from datastores.mysql.engine_family import FamilyEngine
from datastores.mysql.engine_mysql import MySQL


class MysqlEngine(FamilyEngine):
    """One MySQL server."""

    product = MySQL()
    datastore = "mysql"
    backup_format = product.backup_format


ENGINE = MysqlEngine
