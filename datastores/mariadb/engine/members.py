"""What a primary keeps for the other members: an account each, and which server each epoch made the primary.

Promotions are written to the binary log, so every member has them. The position of a member's own last transaction
alone does not prove a shared history: a server may have been the primary of two. Accounts are not in the log: each
primary makes its own, which must wait for no replica, since no replica can follow before.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from datastores.host.errors import EngineError
from datastores.mysql.engine.node import Node
from datastores.mysql.engine.sql import Statement
from datastores.protocol.replication import Credential, Member

PREFIX = "replicator:"
_ACCOUNTS = "SELECT User, Host FROM mysql.user WHERE User LIKE 'replicator:%';\n"
_SESSIONS = "SELECT ID FROM information_schema.PROCESSLIST WHERE USER LIKE 'replicator:%' AND USER NOT IN ({});\n"
_TABLE = """
CREATE TABLE IF NOT EXISTS mysql.trove_promotions (epoch INT PRIMARY KEY, server BIGINT, gtid TEXT) ENGINE=InnoDB;
"""
_UNLOGGED = "SET SESSION sql_log_bin = 0;\n"
_RECORD = "INSERT IGNORE INTO mysql.trove_promotions VALUES ({}, @@server_id, @@gtid_binlog_pos);\n"
PROMOTIONS = "SELECT epoch, server, gtid FROM mysql.trove_promotions ORDER BY epoch;\n"


def account(member: str) -> str:
    """The name of a member's account."""
    return PREFIX + member


def admit(node: Node, credential: Credential, others: Sequence[Member]) -> None:
    """Make the accounts of these members, and drop all others with their sessions."""
    wanted = {(account(member.id), _origin(member.address)) for member in others}
    script = _UNLOGGED + "".join(_account(node, user, host, credential) for user, host in sorted(wanted))
    for user, host in {tuple(row.split("\t")) for row in node.sql(_ACCOUNTS).splitlines()} - wanted:
        script += Statement("DROP USER IF EXISTS {user}@{host}", {"user": user, "host": host}).script()
    node.sql(script)
    _end_sessions(node, [user for user, _host in wanted])


def record(node: Node, epoch: int) -> None:
    """Write down whom this epoch made the primary, once."""
    if not any(row.startswith(f"{epoch}\t") for row in promotions(node)):
        node.sql(_TABLE + _RECORD.format(epoch))


def promotions(node: Node) -> list[str]:
    """The primaries of the group, as the server's data have them."""
    try:
        return node.sql(PROMOTIONS).splitlines()
    except EngineError:  # there is no such table in a server of no group
        return []


def dismiss(node: Node) -> None:
    """Keep nothing for other members."""
    for row in node.sql(_ACCOUNTS).splitlines():
        user, host = row.split("\t")
        node.sql(Statement("DROP USER IF EXISTS {user}@{host}", {"user": user, "host": host}).script())
    _end_sessions(node, [])
    node.sql("DROP TABLE IF EXISTS mysql.trove_promotions;\n")


def _account(node: Node, user: str, host: str, credential: Credential) -> str:
    clause, names = node.product.identify(credential.secret), {"user": user, "host": host}
    texts = names | clause.texts
    made = Statement(f"CREATE USER IF NOT EXISTS {{user}}@{{host}} {clause.template}", texts).script()
    renewed = Statement(f"ALTER USER {{user}}@{{host}} {clause.template}", texts).script()
    granted = Statement("GRANT REPLICATION SLAVE ON *.* TO {user}@{host}", names).script()
    read = Statement("GRANT SELECT ON mysql.trove_promotions TO {user}@{host}", names).script()
    return made + renewed + granted + read


def _origin(address: str) -> str:
    """Where a member's sessions come from: a client on a loopback address binds none."""
    return "127.0.0.1" if ipaddress.ip_address(address).is_loopback else address


def _end_sessions(node: Node, kept: Sequence[str]) -> None:
    names = ", ".join(f"'{name}'" for name in kept) or "''"
    sessions = node.sql(_SESSIONS.format(names)).split()
    node.try_each([f"KILL {int(session)};\n" for session in sessions])
