"""What tenants have in the server, and their superuser `root`.

`root` is a role that is always hidden among the users. Enabled, it may do anything in the server, and in any database;
disabled, it stays as the owner of what it made, without rights, password or sessions.
"""

from __future__ import annotations

import json

from datastores.host.names import DATABASE, USER, NameRules
from datastores.postgresql.engine_cluster import Cluster
from datastores.postgresql.engine_scram import verifier
from datastores.postgresql.engine_tenants import END_SESSIONS, execute
from datastores.protocol.accounts import ANYWHERE, Account, AccountList

ROOT = "root"

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


def enable_root(cluster: Cluster, password: str) -> None:
    """Let the tenant's superuser log in. Raises EngineError."""
    execute(cluster, _ENABLE_ROOT, {"verifier": verifier(password)})


def disable_root(cluster: Cluster) -> None:
    """Take its rights, its password and its sessions. Raises EngineError."""
    execute(cluster, _DISABLE_ROOT + END_SESSIONS, {"name": ROOT})


def accounts(cluster: Cluster, names: NameRules) -> AccountList:
    """The databases and users with names that the service accepts; the others are its own or hidden. Raises
    EngineError."""
    found = json.loads(cluster.psql(_ACCOUNTS))
    databases = [name for name in found["databases"] if names.problem(DATABASE, name) is None]
    users = [user for user in found["users"] if names.problem(USER, user["name"]) is None]
    return AccountList(
        databases=tuple(sorted(databases)),
        users=tuple(
            Account(user["name"], ANYWHERE, tuple(sorted(set(user["databases"]) & set(databases))))
            for user in sorted(users, key=lambda user: str(user["name"]))
        ),
        root_enabled=found["root_enabled"],
    )
