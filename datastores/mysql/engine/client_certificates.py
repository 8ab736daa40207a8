"""Certificates of clients: these products ask for them by account, not by connection.

In the mode `mtls` every account of the tenant's has REQUIRE X509, which a valid certificate of the server's `ssl_ca`
fulfils. Accounts that the tenant's superuser creates get it at the next change of the mode, or start.

Each member of a group does so for itself and says nothing of it in its binary log. Members' own accounts need a
password and TLS in every mode.
"""

from __future__ import annotations

from pathlib import Path

from datastores.mysql.engine.node import Node
from datastores.mysql.engine.sql import Statement
from datastores.protocol.tls import TlsMode

_VERIFIED = "SELECT COALESCE(@@GLOBAL.ssl_ca, '') <> '';\n"
_ACCOUNTS = """
SELECT HEX(User), HEX(Host) FROM {}
WHERE User <> '' AND User NOT LIKE 'replicator:%' AND Host NOT IN ('', 'localhost') AND {};
"""
_UNLOGGED = "SET SESSION sql_log_bin = 0;\n"


def clause(node: Node) -> str:
    """What the statement that makes an account says besides, in this mode."""
    return " REQUIRE X509" if node.facts.tls_mode == TlsMode.MTLS else ""


def verified(node: Node) -> bool:
    """Whether the running server knows authorities by which it can verify clients."""
    return node.sql(_VERIFIED) == "1"


def expect(node: Node) -> None:
    """Note that accounts may have REQUIRE X509 that the service gave them: data of another host."""
    node.write(_mark(node), "")


def align(node: Node) -> None:
    """Give the tenant's accounts what the mode wants of them. A tenant's own REQUIRE X509 stays outside of `mtls`."""
    mark, product = _mark(node), node.product
    if node.facts.tls_mode == TlsMode.MTLS:
        expect(node)
        _alter(node, f"NOT ({product.wants_certificate})", "X509")
    elif mark.exists():
        _alter(node, product.wants_certificate, "NONE")
        mark.unlink()


def _alter(node: Node, condition: str, what: str) -> None:
    rows = node.sql(_ACCOUNTS.format(node.product.user_table, condition)).splitlines()
    found = [[bytes.fromhex(field).decode() for field in row.split("\t")] for row in rows]
    template = f"ALTER USER {{user}}@{{host}} REQUIRE {what}"
    node.sql(_UNLOGGED + "".join(Statement(template, {"user": user, "host": host}).script() for user, host in found))


def _mark(node: Node) -> Path:
    return node.facts.conf / "require-x509"
