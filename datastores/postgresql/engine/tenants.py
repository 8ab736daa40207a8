"""Databases and users.

Rule: databases belong to the superuser. Only users who were granted a database may connect to it; a grant is CONNECT,
TEMPORARY and CREATE on the database with USAGE and CREATE on its schema `public`, so such a user can make tables,
schemas and trusted extensions there, and owns what it makes. What a deleted user owned belongs to a role that nobody
can log in as and that may do nothing: `root` reaches it, and no function of it runs with anybody's rights.

`root` is a role that is always hidden among the users. Enabled, it may do anything in the server, and in any database;
disabled, it stays as the owner of what it made, without rights, password or sessions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from datastores.host.errors import BadRequest, EngineError
from datastores.host.names import DATABASE, USER
from datastores.host.roles import tenants
from datastores.postgresql.engine.node import MAINTENANCE, Node
from datastores.postgresql.engine.scram import verifier
from datastores.postgresql.engine.sql import execute, oids, within
from datastores.protocol.accounts import ANYWHERE, Account, AccountList, Database, User, UserChange, UserName

_MYSQL = re.compile(r"utf8(mb[34])?(_[a-z0-9_]+)?", re.IGNORECASE)
"""Character sets and collations of MySQL, which some clients (Heat's OS::Trove::Instance) send to every datastore when
nothing is said: the default is meant."""

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
_END_SESSIONS = """
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
_ENABLE_ROOT = """
SELECT 'CREATE ROLE root' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'root') \\gexec
SELECT format('ALTER ROLE root LOGIN SUPERUSER PASSWORD %L', d->>'verifier') FROM input \\gexec
"""
_DISABLE_ROOT = """
SELECT 'ALTER ROLE root NOLOGIN NOSUPERUSER PASSWORD NULL'
 WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = 'root') \\gexec
"""
_ACCOUNTS = """
SELECT json_build_object(
  'databases', (SELECT coalesce(json_agg(datname), '[]') FROM pg_database),
  'users', (SELECT coalesce(json_agg(json_build_object('name', rolname, 'databases', (
      SELECT coalesce(json_agg(datname), '[]') FROM pg_database
       WHERE EXISTS (SELECT FROM aclexplode(datacl) WHERE grantee = pg_roles.oid AND privilege_type = 'CONNECT')
    ))), '[]') FROM pg_roles WHERE rolcanlogin),
  'root_enabled', EXISTS (SELECT FROM pg_roles WHERE rolname = 'root' AND rolcanlogin));
"""


class Databases(tenants.Databases):
    """Databases, which belong to the superuser."""

    node: Node

    def create(self, databases: list[Database]) -> None:
        execute(self.node, _DATABASE, *(_new_database(database) for database in databases))

    def delete(self, name: str) -> None:
        """Delete a database, a template too, ending the sessions in it. Raises EngineError, naming what holds it."""
        document = {"name": name}
        if holders := execute(self.node, _HOLDERS, document).splitlines():
            gids = ", ".join(f"'{gid}'" for gid in holders)
            raise EngineError(f"prepared transactions hold database '{name}': COMMIT or ROLLBACK PREPARED {gids} first")
        execute(self.node, _DROP_DATABASE, document)

    def grant(self, user: UserName, databases: list[str]) -> None:
        _grant(self.node, [(user.name, database) for database in databases])

    def revoke(self, user: UserName, databases: list[str]) -> None:
        found = oids(self.node, user.name)
        for database in databases if found else ():
            within(self.node, database, _REVOKE_SCHEMA, {"oid": found[0]})
        documents = [{"name": user.name, "database": database} for database in databases]
        execute(self.node, _REVOKE_DATABASE + _END_SESSIONS, *documents)


class Users(tenants.Users):
    """Users: the roles that can log in."""

    node: Node

    def create(self, users: list[User]) -> None:
        """Create users or set their passwords, and grant them their databases: all of it or nothing of a name.

        Raises:
            EngineError: PostgreSQL's words, or a role of that name cannot log in: it is none of the service's users.
        """
        if groups := execute(self.node, _GROUP_ROLE, *({"name": user.name} for user in users)).splitlines():
            raise EngineError(f"'{groups[0]}' is a role that cannot log in: drop it, or choose another name")
        documents = [{"name": user.name, "verifier": verifier(user.password)} for user in users]
        execute(self.node, _USER, *documents, whole=True)
        _grant(self.node, [(user.name, database) for user in users for database in user.databases])

    def update(self, change: UserChange) -> None:
        """Rename a user and set its password, both or neither."""
        name = change.new_name or change.name
        if not oids(self.node, change.name) and not oids(self.node, name):
            raise BadRequest(f"there is no user '{change.name}'")
        document: dict[str, object] = {"name": change.name, "new_name": name}
        template = _RENAME
        if change.password is not None:
            template += _SET_VERIFIER.replace("d->>'name'", "d->>'new_name'")
            document["verifier"] = verifier(change.password)
        execute(self.node, template, document, whole=True)

    def delete(self, user: UserName) -> None:
        """Delete a user: locked out and its sessions ended first, then what it owns is passed on, then it goes.

        A first pass that is rolled back finds what would hold it. Where that or anything after it fails, the user may
        log in again.

        Raises:
            EngineError: what holds it, in PostgreSQL's words; the user stays.
        """
        node, document = self.node, {"name": user.name}
        if not (found := oids(node, user.name)):
            return
        document["oid"] = found[0]
        execute(node, _LOCK_OUT + _END_SESSIONS + _MAKE_HEIR, document)
        try:
            places = [bytes.fromhex(line).decode() for line in execute(node, _PLACES, document).splitlines()]
            for ending in ("ROLLBACK", "COMMIT"):
                for database in [*places, MAINTENANCE]:
                    within(node, database, _DISOWN, document, ending=ending)
            execute(node, _DROP_USER, document)
        except EngineError:
            execute(node, _LET_IN, document)
            raise

    def accounts(self) -> AccountList:
        rules, found = self.node.version.names, json.loads(self.node.psql(_ACCOUNTS))
        databases = {name for name in found["databases"] if rules.problem(DATABASE, name) is None}
        users = [user for user in found["users"] if rules.problem(USER, user["name"]) is None]
        return AccountList(
            databases=tuple(sorted(databases)),
            users=tuple(
                Account(user["name"], ANYWHERE, tuple(sorted(set(user["databases"]) & databases)))
                for user in sorted(users, key=lambda user: str(user["name"]))
            ),
            root_enabled=found["root_enabled"],
        )


class Root(tenants.Root):
    """The role `root`."""

    node: Node

    def enable(self, password: str) -> None:
        execute(self.node, _ENABLE_ROOT, {"verifier": verifier(password)})

    def disable(self) -> None:
        execute(self.node, _DISABLE_ROOT + _END_SESSIONS, {"name": "root"})


def _grant(node: Node, pairs: Sequence[tuple[str, str]]) -> None:
    """Grant each user its database: one session for all, and one in each database."""
    execute(node, _GRANT_DATABASE, *({"name": name, "database": database} for name, database in pairs), whole=True)
    names = list(dict.fromkeys(name for name, _database in pairs))
    found = dict(zip(names, oids(node, *names)))  # as a role's name differs in another encoding
    for database in dict.fromkeys(database for _name, database in pairs):
        members = [{"oid": found[name]} for name, granted in pairs if granted == database]
        within(node, database, _GRANT_SCHEMA, *members)


def _new_database(database: Database) -> dict[str, object]:
    encoding, collate = (
        None if value is None or _MYSQL.fullmatch(value) else value
        for value in (database.character_set, database.collate)
    )
    encoding = encoding or "UTF8"
    locale = collate or ("C.UTF-8" if encoding.upper().replace("-", "") == "UTF8" else "C")
    return {"name": database.name, "encoding": encoding, "locale": locale}
