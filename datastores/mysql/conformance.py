"""The MySQL family in the conformance suite, through PyMySQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pymysql

from datastores.conformance import Conformance, ConformanceRefused, ParameterChange, Server, Session

_MEBIBYTE = """
INSERT INTO filling
 WITH RECURSIVE part (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM part WHERE n < 512)
 SELECT CONCAT(RANDOM_BYTES(1024), RANDOM_BYTES(1024)) FROM part
"""


class MysqlSession(Session):
    """Numbers are the rows of a table."""

    def __init__(self, connection: pymysql.Connection[Any]) -> None:
        self._connection = connection
        self._cursor = connection.cursor()

    def write(self, numbers: Iterable[int]) -> None:
        self._cursor.execute("CREATE TABLE IF NOT EXISTS numbers (n BIGINT PRIMARY KEY)")
        self._cursor.executemany("INSERT INTO numbers VALUES (%s)", [(number,) for number in numbers])

    def read(self) -> set[int]:
        if not self._cursor.execute("SHOW TABLES LIKE 'numbers'"):
            return set()
        self._cursor.execute("SELECT n FROM numbers")
        return {number for (number,) in self._cursor.fetchall()}

    def fill(self, mebibytes: int) -> None:
        self._cursor.execute("CREATE TABLE IF NOT EXISTS filling (bytes LONGBLOB)")
        for _ in range(mebibytes):
            self._cursor.execute(_MEBIBYTE)

    def setting(self, name: str) -> str:
        self._cursor.execute("SHOW GLOBAL VARIABLES WHERE Variable_name = %s", [name])
        [(_, value)] = self._cursor.fetchall()
        return str(value)

    def close(self) -> None:
        self._connection.close()


class MysqlConformance(Conformance):
    """MySQL 8.0 and newer, Percona Server, MariaDB 10.11 and newer."""

    dynamic = ParameterChange("wait_timeout", 1234, "1234")
    static = ParameterChange("back_log", 77, "77")
    bad = ("max_connections", 1)
    refused = ("sql_mode", "NO_SUCH_MODE")

    def connect(self, server: Server) -> MysqlSession:
        tls = None if server.authority is None else server.tls()
        try:
            connection = pymysql.connect(
                host=server.address,
                port=server.port,
                user=server.user,
                password=(server.password or "").encode(),
                database=server.database,
                ssl=tls,
                ssl_disabled=tls is None,
                autocommit=True,
                connect_timeout=5,
            )
        except pymysql.err.OperationalError as error:
            raise ConformanceRefused(str(error)) from error
        return MysqlSession(connection)


CONFORMANCE = MysqlConformance()
