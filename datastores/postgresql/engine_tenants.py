"""Databases and users.

Rule: databases belong to the superuser. Only users who were granted a database may connect to it; a grant is CONNECT,
TEMPORARY and CREATE on the database with USAGE and CREATE on its schema `public`, so such a user can make tables,
schemas and trusted extensions there, and owns what it makes.

Names reach PostgreSQL inside one hexadecimal literal, as a JSON document, and are quoted there by its own format():
no character of a name is ever part of the SQL we write.
"""

from __future__ import annotations

import json
from typing import Any

from datastores.host.engine import Database, User
from datastores.host.errors import BadRequest
from datastores.postgresql.engine_cluster import Cluster
from datastores.postgresql.engine_scram import verifier

_DATABASE = """
SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L',
              d->>'name', d->>'encoding', d->>'locale', d->>'locale')
  FROM input WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = d->>'name') \\gexec
SELECT format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', d->>'name') FROM input \\gexec
"""
_USER = """
SELECT format('CREATE ROLE %I', d->>'name')
  FROM input WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = d->>'name') \\gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', d->>'name', d->>'verifier') FROM input \\gexec
"""
_GRANT_DATABASE = """
SELECT format('GRANT CONNECT, TEMPORARY, CREATE ON DATABASE %I TO %I', d->>'database', d->>'name') FROM input \\gexec
"""
_GRANT_SCHEMA = """
SELECT format('GRANT USAGE, CREATE ON SCHEMA public TO %I', d->>'name') FROM input \\gexec
"""


def create_database(cluster: Cluster, database: Database) -> None:
    """Create a database unless it is there. Raises EngineError with PostgreSQL's words."""
    encoding = database.character_set or "UTF8"
    locale = database.collate or ("C.UTF-8" if encoding.upper().replace("-", "") == "UTF8" else "C")
    _execute(cluster, _DATABASE, {"name": database.name, "encoding": encoding, "locale": locale})


def create_user(cluster: Cluster, user: User) -> None:
    """Create a user or set its password, and grant it its databases. Raises BadRequest, EngineError."""
    if user.host not in {None, "", "%"}:
        raise BadRequest(
            f"user '{user.name}': PostgreSQL users have no host; leave it out, limit the instance's access"
        )
    _execute(cluster, _USER, {"name": user.name, "verifier": verifier(user.password)})
    for database in user.databases:
        document = {"name": user.name, "database": database}
        _execute(cluster, _GRANT_DATABASE, document)
        _execute(cluster, _GRANT_SCHEMA, document, database)


def _execute(cluster: Cluster, template: str, document: dict[str, Any], database: str = "postgres") -> None:
    """Run statements that read the document as `d` from `input`."""
    literal = json.dumps(document).encode().hex()
    source = f"(SELECT convert_from(decode('{literal}', 'hex'), 'UTF8')::jsonb AS d) AS input"
    cluster.psql(template.replace("FROM input", f"FROM {source}"), database)
