"""MariaDB in the conformance suite."""

from datastores.mysql.conformance import MysqlConformance

CONFORMANCE = MysqlConformance()
