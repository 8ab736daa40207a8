"""PostgreSQL in the conformance suite, through psycopg2."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - its name in the library is lower-case
from psycopg2.extensions import make_dsn
from psycopg2.extras import execute_values

from datastores.conformance import Conformance, ConformanceRefused, ParameterChange, Server, Session


class PostgresqlSession(Session):
    """Numbers are the rows of a table."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        connection.autocommit = True
        self._cursor = connection.cursor()

    def write(self, numbers: Iterable[int]) -> None:
        self._cursor.execute("CREATE TABLE IF NOT EXISTS numbers (n bigint PRIMARY KEY)")
        execute_values(self._cursor, "INSERT INTO numbers VALUES %s", [(number,) for number in numbers])

    def read(self) -> set[int]:
        self._cursor.execute("SELECT to_regclass('numbers')")
        if self._cursor.fetchone() == (None,):
            return set()
        self._cursor.execute("SELECT n FROM numbers")
        return {number for (number,) in self._cursor.fetchall()}

    def fill(self, mebibytes: int) -> None:
        self._cursor.execute(
            "CREATE TABLE IF NOT EXISTS filling (bytes bytea);"
            "ALTER TABLE filling ALTER COLUMN bytes SET STORAGE EXTERNAL"
        )
        self._cursor.execute(
            "INSERT INTO filling SELECT (SELECT string_agg(sha512((n * 16384 + part)::text::bytea), '')"
            " FROM generate_series(1, 16384) AS part) FROM generate_series(1, %s) AS n",
            [mebibytes],
        )

    def setting(self, name: str) -> str:
        self._cursor.execute("SELECT current_setting(%s)", [name])
        [(value,)] = self._cursor.fetchall()
        return str(value)

    def close(self) -> None:
        self._connection.close()


class PostgresqlConformance(Conformance):
    """PostgreSQL 15 and newer."""

    dynamic = ParameterChange("work_mem", "2MB", "2MB")
    static = ParameterChange("max_connections", 40, "40")
    bad = ("work_mem", "a lot")
    refused = ("timezone", "Nowhere/Land")

    def connect(self, server: Server) -> PostgresqlSession:
        tls = {"sslmode": "disable"}
        if server.authority is not None:
            tls = {"sslmode": "verify-full", "sslrootcert": str(server.authority)}
        if server.client is not None:
            tls |= {"sslcert": str(server.client), "sslkey": str(server.client)}
        account = {"user": server.user, "password": server.password, "dbname": server.database}
        try:
            connection = psycopg2.connect(
                make_dsn(host=server.address, port=server.port, connect_timeout=5, **account, **tls)
            )
        except psycopg2.OperationalError as error:
            raise ConformanceRefused(str(error)) from error
        return PostgresqlSession(connection)


CONFORMANCE = PostgresqlConformance()
