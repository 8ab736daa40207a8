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

from datastores.host.errors import BadRequest, EngineError
from datastores.postgresql.engine_cluster import MAINTENANCE, Cluster
from datastores.postgresql.engine_scram import verifier
from datastores.protocol.accounts import Database, User, UserChange

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
_HOLDERS = """
SELECT gid FROM input, pg_prepared_xacts WHERE database = d->>'name' ORDER BY gid;
"""
_DROP_DATABASE = """
SELECT format('ALTER DATABASE %I IS_TEMPLATE false', datname)
  FROM input, pg_database WHERE datname = d->>'name' AND datistemplate \\gexec
SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', d->>'name') FROM input \\gexec
"""
_GROUP_ROLE = """
SELECT rolname FROM input, pg_roles WHERE rolname = d->>'name' AND NOT rolcanlogin;
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
SELECT format('GRANT USAGE, CREATE ON SCHEMA public TO %I', rolname)
  FROM input, pg_roles, pg_namespace WHERE pg_roles.oid = (d->>'oid')::oid AND nspname = 'public' \\gexec
"""
_REVOKE_DATABASE = """
SELECT format('REVOKE CONNECT, TEMPORARY, CREATE ON DATABASE %I FROM %I', d->>'database', d->>'name') FROM input \\gexec
"""
_REVOKE_SCHEMA = """
SELECT format('REVOKE USAGE, CREATE ON SCHEMA public FROM %I', rolname)
  FROM input, pg_roles, pg_namespace WHERE pg_roles.oid = (d->>'oid')::oid AND nspname = 'public' \\gexec
"""
END_SESSIONS = """
SELECT count(pg_terminate_backend(pid, 5000)) AS ended FROM input, pg_stat_activity
 WHERE usename = d->>'name' AND datname = coalesce(d->>'database', datname) \\gset
"""
_LOCK_OUT = """
SELECT format('ALTER ROLE %I NOLOGIN', d->>'name') FROM input \\gexec
"""
_LET_IN = """
SELECT format('ALTER ROLE %I LOGIN', d->>'name') FROM input \\gexec
"""
_MAKE_HEIR = """
SELECT 'CREATE ROLE os_admin NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'os_admin') \\gexec
"""
_DISOWN = """
SELECT format('REASSIGN OWNED BY %I TO os_admin', rolname) FROM input, pg_roles WHERE oid = (d->>'oid')::oid \\gexec
SELECT format('DROP OWNED BY %I', rolname) FROM input, pg_roles WHERE oid = (d->>'oid')::oid \\gexec
"""
_DROP_USER = """
SELECT format('DROP ROLE %I', d->>'name') FROM input \\gexec
"""
_PLACES = """
SELECT DISTINCT encode(convert_to(datname, 'UTF8'), 'hex')
  FROM input, pg_shdepend JOIN pg_database ON pg_database.oid = dbid JOIN pg_roles ON pg_roles.oid = refobjid
 WHERE refclassid = 'pg_authid'::regclass AND rolname = d->>'name' AND datname <> 'pg_trove';
"""
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


def create_databases(cluster: Cluster, databases: list[Database]) -> None:
    """Create those that are not there. Raises EngineError with PostgreSQL's words."""
    execute(cluster, _DATABASE, *(_new_database(database) for database in databases))


def delete_database(cluster: Cluster, name: str) -> None:
    """Delete a database, a template too, ending the sessions in it. Raises EngineError, naming what holds it."""
    document = {"name": name}
    if holders := execute(cluster, _HOLDERS, document).splitlines():
        gids = ", ".join(f"'{gid}'" for gid in holders)
        raise EngineError(f"prepared transactions hold database '{name}': COMMIT or ROLLBACK PREPARED {gids} first")
    execute(cluster, _DROP_DATABASE, document)


def create_users(cluster: Cluster, users: list[User]) -> None:
    """Create users or set their passwords, and grant them their databases: all of it or nothing of a name.

    Raises:
        EngineError: PostgreSQL's words, or a role of that name cannot log in: it is none of the service's users.
    """
    if groups := execute(cluster, _GROUP_ROLE, *({"name": user.name} for user in users)).splitlines():
        raise EngineError(f"'{groups[0]}' is a role that cannot log in: drop it, or choose another name")
    execute(cluster, _USER, *({"name": user.name, "verifier": verifier(user.password)} for user in users), whole=True)
    _grant(cluster, [(user.name, database) for user in users for database in user.databases])


def update_user(cluster: Cluster, change: UserChange) -> None:
    """Rename a user and set its password, both or neither. Raises BadRequest when there is none of either name,
    EngineError."""
    name = change.new_name or change.name
    if not _oids(cluster, change.user.name) and not _oids(cluster, name):
        raise BadRequest(f"there is no user '{change.user.name}'")
    document: dict[str, Any] = {"name": change.user.name, "new_name": name}
    template = _RENAME
    if change.password is not None:
        template += _SET_VERIFIER.replace("d->>'name'", "d->>'new_name'")
        document["verifier"] = verifier(change.password)
    execute(cluster, template, document, whole=True)


def delete_user(cluster: Cluster, name: str) -> None:
    """Delete a user: locked out and its sessions ended first, then what it owns is passed on, then it goes.

    A first pass that is rolled back finds what would hold it. Where that or anything after it fails, the user may log
    in again.

    Raises:
        EngineError: what holds it, in PostgreSQL's words; the user stays.
    """
    document: dict[str, Any] = {"name": name}
    if not (oids := _oids(cluster, name)):
        return
    document["oid"] = oids[0]
    execute(cluster, _LOCK_OUT + END_SESSIONS + _MAKE_HEIR, document)
    try:
        places = [bytes.fromhex(line).decode() for line in execute(cluster, _PLACES, document).splitlines()]
        for ending in ("ROLLBACK", "COMMIT"):
            for database in [*places, MAINTENANCE]:
                _within(cluster, database, _DISOWN, document, ending=ending)
        execute(cluster, _DROP_USER, document)
    except EngineError:
        execute(cluster, _LET_IN, document)
        raise


def grant(cluster: Cluster, name: str, databases: Sequence[str]) -> None:
    """Let a user use databases. Raises EngineError."""
    _grant(cluster, [(name, database) for database in databases])


def revoke(cluster: Cluster, name: str, databases: Sequence[str]) -> None:
    """Take databases from a user and end its sessions there. Raises EngineError."""
    oids = _oids(cluster, name)
    for database in databases if oids else ():
        _within(cluster, database, _REVOKE_SCHEMA, {"oid": oids[0]})
    documents = [{"name": name, "database": database} for database in databases]
    execute(cluster, _REVOKE_DATABASE + END_SESSIONS, *documents)


def _grant(cluster: Cluster, pairs: Sequence[tuple[str, str]]) -> None:
    """Grant each user its database: one session for all, and one in each database."""
    execute(cluster, _GRANT_DATABASE, *({"name": name, "database": database} for name, database in pairs), whole=True)
    names = list(dict.fromkeys(name for name, _database in pairs))
    oids = dict(zip(names, _oids(cluster, *names), strict=True))  # as a role's name differs in another encoding
    for database in dict.fromkeys(database for _name, database in pairs):
        members = [{"oid": oids[name]} for name, granted in pairs if granted == database]
        _within(cluster, database, _GRANT_SCHEMA, *members)


def _oids(cluster: Cluster, *names: str) -> list[str]:
    return execute(cluster, _OIDS, *({"name": name} for name in names)).splitlines()


def _within(cluster: Cluster, database: str, template: str, *documents: dict[str, Any], ending: str = "COMMIT") -> None:
    """Run statements in a database, in one transaction that ends with `ending`, also where it admits nobody.

    The documents hold no text: names that come out of the database go back as they are, whatever its encoding.
    """
    closed = execute(cluster, _CLOSED, {"name": database})
    if closed:
        execute(cluster, _ADMIT, {"name": database})
    try:
        filled = "".join(_filled(template, document) for document in documents)
        cluster.psql(f"{_LIMITS}\\encoding SQL_ASCII\nBEGIN;\n{filled}{ending};\n", database)
    finally:
        if closed:
            execute(cluster, _CLOSE, {"name": database})


def execute(cluster: Cluster, template: str, *documents: dict[str, Any], whole: bool = False) -> str:
    """Run statements once for each document, which they read as `d` from `input`; what they print.

    `whole` makes one transaction of all. Raises EngineError.
    """
    if not documents:
        return ""
    filled = "".join(_filled(template, document) for document in documents)
    return cluster.psql(f"{_LIMITS}BEGIN;\n{filled}COMMIT;\n" if whole else _LIMITS + filled)


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
