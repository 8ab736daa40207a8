"""SQL whose texts nobody can break out of.

Names reach PostgreSQL inside one hexadecimal literal, as a JSON document, and are quoted there by its own format():
no character of a name is ever part of the SQL we write.
"""

from __future__ import annotations

import json

from datastores.postgresql.engine.node import Node
from datastores.protocol.codec import Document

# A tenant's transaction may hold what we need: say so soon, and leave no session waiting when we are gone.
_LIMITS = "SET lock_timeout = '10s'; SET client_connection_check_interval = '2s';\n"
_OIDS = """
SELECT oid FROM input, pg_roles WHERE rolname = d->>'name';
"""
_CLOSED = """
SELECT datconnlimit FROM input, pg_database WHERE datname = d->>'name' AND NOT datallowconn;
"""
_ADMIT = """
SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS true', d->>'name') FROM input \\gexec
"""
_CLOSE = """
SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS false', d->>'name') FROM input \\gexec
"""


def oids(node: Node, *names: str) -> list[str]:
    """The identities of the roles of these names that are there."""
    return execute(node, _OIDS, *({"name": name} for name in names)).splitlines()


def within(node: Node, database: str, template: str, *documents: Document, ending: str = "COMMIT") -> None:
    """Run statements in a database, in one transaction that ends with `ending`, also where it admits nobody.

    The documents hold no text: names that come out of the database go back as they are, whatever its encoding.
    """
    closed = execute(node, _CLOSED, {"name": database})
    if closed:
        execute(node, _ADMIT, {"name": database})
    try:
        filled = "".join(_filled(template, document) for document in documents)
        node.psql(f"{_LIMITS}\\encoding SQL_ASCII\nBEGIN;\n{filled}{ending};\n", database)
    finally:
        if closed:
            execute(node, _CLOSE, {"name": database})


def execute(node: Node, template: str, *documents: Document, whole: bool = False) -> str:
    """Run statements once for each document, which they read as `d` from `input`; what they print.

    `whole` makes one transaction of all. Raises EngineError.
    """
    if not documents:
        return ""
    filled = "".join(_filled(template, document) for document in documents)
    return node.psql(f"{_LIMITS}BEGIN;\n{filled}COMMIT;\n" if whole else _LIMITS + filled)


def _filled(template: str, document: Document) -> str:
    literal = json.dumps(document).encode().hex()
    source = f"(SELECT convert_from(decode('{literal}', 'hex'), 'UTF8')::jsonb AS d) AS input"
    return template.replace("FROM input", f"FROM {source}")
