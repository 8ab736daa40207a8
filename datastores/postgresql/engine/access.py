"""Who may connect: the rules of pg_hba.conf, with the networks that the tenant allows."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path

from datastores.host import files
from datastores.postgresql.engine import group
from datastores.postgresql.engine.node import MAINTENANCE, SUPERUSER, Node
from datastores.protocol.tls import TlsMode


def limit(node: Node, cidrs: list[str]) -> None:
    """Keep the networks (none: everywhere) for every configuration of this host, and have a running server obey."""
    files.write_text(_kept(node), json.dumps(cidrs))
    if node.runs():
        apply(node)


def apply(node: Node) -> None:
    """Have a running server obey the rules as they are now."""
    path = node.facts.conf / "pg_hba.conf"
    node.write(path, rules(node, tls="hostssl" in path.read_text()))
    node.psql("SELECT pg_reload_conf();")


def rules(node: Node, *, tls: bool) -> str:
    """The superuser through the socket only; the group's account from its members; tenants from their networks with
    their password, over TLS as its mode wants it if there is TLS, and into the databases that are the service's own
    only as `root`."""
    mode = node.facts.tls_mode
    network = "hostssl" if tls and mode != TlsMode.BASIC else "host"
    method = "scram-sha-256 clientcert=verify-ca" if tls and mode == TlsMode.MTLS else "scram-sha-256"
    cidrs = _cidrs(node) or ["all"]
    own = f"postgres,template1,{MAINTENANCE}"
    root = [f"{network} {own} root {cidr} {method}\n" for cidr in cidrs]
    members = [
        f"{'hostssl' if tls else 'host'} {database} {group.ACCOUNT} {network_of(address)} scram-sha-256\n"
        for address in group.read(node).admitted
        for database in ("replication", MAINTENANCE)
    ]
    tenants = [f"{network} all all {cidr} {method}\n" for cidr in cidrs]
    return f"""\
local all                {SUPERUSER}           peer map=trove
local all                root               peer map=trove
local replication        {SUPERUSER}           peer map=trove
local all                all                   reject
host  all                {SUPERUSER} all       reject
{"".join(members)}host  all                {group.ACCOUNT}  all       reject
host  replication        all         all       reject
{"".join(root)}host  {own} all         all       reject
{"".join(tenants)}"""


def network_of(address: str) -> str:
    """The network that a member comes from. libpq binds no address, so one on a loopback address comes from another."""
    return str(ipaddress.ip_network("127.0.0.1" if ipaddress.ip_address(address).is_loopback else address))


def _cidrs(node: Node) -> list[str]:
    path = _kept(node)
    kept: list[str] = json.loads(path.read_text()) if path.exists() else []
    return kept


def _kept(node: Node) -> Path:
    return node.facts.conf / "allowed_cidrs.json"
