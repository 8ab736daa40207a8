"""Databases and users.

Rule: databases belong to the superuser. Only users who were granted a database may connect to it; a grant is CONNECT,
TEMPORARY and CREATE on the database with USAGE and CREATE on its schema `public`, so such a user can make tables,
schemas and trusted extensions there, and owns what it makes. What a deleted user owned belongs to a role that nobody
can log in as and that may do nothing: `root` reaches it, and no function of it runs with anybody's rights.

Names reach PostgreSQL inside one hexadecimal literal, as a JSON document, and are quoted there by its own format():
no character of a name is ever part of the SQL we write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from datastores.host.accounts import UserChange
from datastores.host.engine import Database, User
from datastores.host.errors import BadRequest
from datastores.postgresql.engine_cluster import Cluster
from datastores.postgresql.engine_scram import verifier

_MYSQL = re.compile(r"utf8(mb[34])?(_[a-z0-9_]+)?", re.IGNORECASE)
"""Character sets and collations of MySQL, which some clients (Heat's OS::Trove::Instance) send to every datastore when
nothing is said: the default is meant."""

# A tenant's transaction may hold what we need: say so soon, and leave no session waiting when we are gone.
_LIMITS = "SET lock_timeout = '10s'; SET client_connection_check_interval = '2s';\n"

_DATABASE = """
SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L',
              d->>'name', d->>'encoding', d->>'locale', d->>'locale')
  FROM input WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = d->>'name') \\gexec
SELECT format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', d->>'name') FROM input \\gexec
"""
_DROP_DATABASE = """
SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', d->>'name') FROM input \\gexec
"""
_USER = """
SELECT format('CREATE ROLE %I', d->>'name')
  FROM input WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = d->>'name') \\gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', d->>'name', d->>'verifier') FROM input \\gexec
"""
_RENAME = """
SELECT format('ALTER ROLE %I RENAME TO %I', d->>'name', d->>'new_name') FROM input
 WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = d->>'name')
   AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = d->>'new_name') \\gexec
"""
_SET_VERIFIER = """
SELECT format('ALTER ROLE %I PASSWORD %L', d->>'name', d->>'verifier') FROM input \\gexec
"""
_GRANT_DATABASE = """
SELECT format('GRANT CONNECT, TEMPORARY, CREATE ON DATABASE %I TO %I', d->>'database', d->>'name') FROM input \\gexec
"""
_GRANT_SCHEMA = """
SELECT format('GRANT USAGE, CREATE ON SCHEMA public TO %I', d->>'name') FROM input \\gexec
"""
_REVOKE_DATABASE = """
SELECT format('REVOKE CONNECT, TEMPORARY, CREATE ON DATABASE %I FROM %I', d->>'database', d->>'name') FROM input \\gexec
"""
_REVOKE_SCHEMA = """
SELECT format('REVOKE USAGE, CREATE ON SCHEMA public FROM %I', d->>'name') FROM input \\gexec
"""
END_SESSIONS = """
SELECT count(pg_terminate_backend(pid, 5000)) AS ended FROM input, pg_stat_activity
 WHERE usename = d->>'name' AND datname = coalesce(d->>'database', datname) \\gset
"""
_LOCK_OUT = """
SELECT format('ALTER ROLE %I NOLOGIN', d->>'name') FROM input \\gexec
"""
_MAKE_HEIR = """
SELECT 'CREATE ROLE os_admin NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'os_admin') \\gexec
"""
_DISOWN = """
SELECT format('REASSIGN OWNED BY %I TO os_admin', d->>'name') FROM input \\gexec
SELECT format('DROP OWNED BY %I', d->>'name') FROM input \\gexec
"""
_DROP_USER = """
SELECT format('DROP ROLE %I', d->>'name') FROM input \\gexec
"""
_PLACES = """
SELECT DISTINCT encode(convert_to(datname, 'UTF8'), 'hex')
  FROM input, pg_shdepend JOIN pg_database ON pg_database.oid = dbid JOIN pg_roles ON pg_roles.oid = refobjid
 WHERE refclassid = 'pg_authid'::regclass AND rolname = d->>'name' AND datname <> 'postgres';
"""
_EXISTS = """
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = d->>'name') FROM input;
"""


def create_databases(cluster: Cluster, databases: list[Database]) -> None:
    """Create those that are not there. Raises EngineError with PostgreSQL's words."""
    execute(cluster, _DATABASE, *(_new_database(database) for database in databases))


def delete_database(cluster: Cluster, name: str) -> None:
    """Delete a database, ending the sessions in it. Raises EngineError."""
    execute(cluster, _DROP_DATABASE, {"name": name})


def create_users(cluster: Cluster, users: list[User]) -> None:
    """Create users or set their passwords, and grant them their databases. Raises EngineError."""
    execute(cluster, _USER, *({"name": user.name, "verifier": verifier(user.password)} for user in users))
    for user in users:
        grant(cluster, user.name, user.databases)


def update_user(cluster: Cluster, change: UserChange) -> None:
    """Rename a user and set its password. Raises BadRequest when there is none of either name, EngineError."""
    name = change.name or change.user.name
    execute(cluster, _RENAME, {"name": change.user.name, "new_name": name})
    if not _exists(cluster, name):
        raise BadRequest(f"there is no user '{change.user.name}'")
    if change.password is not None:
        execute(cluster, _SET_VERIFIER, {"name": name, "verifier": verifier(change.password)})


def delete_user(cluster: Cluster, name: str) -> None:
    """Delete a user: locked out and its sessions ended first, then what it owns is passed on. Raises EngineError."""
    document = {"name": name}
    if not _exists(cluster, name):
        return
    execute(cluster, _LOCK_OUT + END_SESSIONS + _MAKE_HEIR, document)
    places = [bytes.fromhex(line).decode() for line in execute(cluster, _PLACES, document).splitlines()]
    for database in places:
        execute(cluster, _DISOWN, document, database=database)
    execute(cluster, _DISOWN + _DROP_USER, document)


def grant(cluster: Cluster, name: str, databases: Sequence[str]) -> None:
    """Let a user use databases. Raises EngineError."""
    execute(cluster, _GRANT_DATABASE, *({"name": name, "database": database} for database in databases))
    for database in databases:
        execute(cluster, _GRANT_SCHEMA, {"name": name}, database=database)


def revoke(cluster: Cluster, name: str, databases: Sequence[str]) -> None:
    """Take databases from a user and end its sessions there. Raises EngineError."""
    for database in databases:
        execute(cluster, _REVOKE_SCHEMA, {"name": name}, database=database)
    documents = [{"name": name, "database": database} for database in databases]
    execute(cluster, _REVOKE_DATABASE + END_SESSIONS, *documents)


def _exists(cluster: Cluster, name: str) -> bool:
    return execute(cluster, _EXISTS, {"name": name}) == "t"


def execute(cluster: Cluster, template: str, *documents: dict[str, Any], database: str = "postgres") -> str:
    """Run statements once for each document, which they read as `d` from `input`; what they print. Raises
    EngineError."""
    if not documents:
        return ""
    return cluster.psql(_LIMITS + "".join(_filled(template, document) for document in documents), database)


def _filled(template: str, document: dict[str, Any]) -> str:
    literal = json.dumps(document).encode().hex()
    source = f"(SELECT convert_from(decode('{literal}', 'hex'), 'UTF8')::jsonb AS d) AS input"
    return template.replace("FROM input", f"FROM {source}")


def _new_database(database: Database) -> dict[str, Any]:
    encoding, collate = (
        None if value is None or _MYSQL.fullmatch(value) else value
        for value in (database.character_set, database.collate)
    )
    encoding = encoding or "UTF8"
    locale = collate or ("C.UTF-8" if encoding.upper().replace("-", "") == "UTF8" else "C")
    return {"name": database.name, "encoding": encoding, "locale": locale}
