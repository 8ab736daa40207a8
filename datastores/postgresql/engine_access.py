"""Who may connect: the rules of pg_hba.conf, with the networks that the tenant allows."""

from __future__ import annotations

import json
from pathlib import Path

from datastores.host import files
from datastores.postgresql import engine_start
from datastores.postgresql.engine_cluster import MAINTENANCE, SUPERUSER, Cluster


def limit(cluster: Cluster, cidrs: list[str]) -> None:
    """Keep the networks (none: everywhere) for every configuration of this host, and have a running server obey."""
    files.write_text(_kept(cluster), json.dumps(cidrs))
    if engine_start.runs(cluster):
        path = cluster.facts.conf / "pg_hba.conf"
        files.write_text(path, rules(cluster, tls="hostssl" in path.read_text()))
        cluster.facts.give(path)
        cluster.psql("SELECT pg_reload_conf();")


def rules(cluster: Cluster, *, tls: bool) -> str:
    """The superuser through the socket only; tenants from their networks with their password, over TLS if there is
    TLS, and into the databases that are the service's own only as `root`."""
    network = "hostssl" if tls else "host"
    cidrs = _cidrs(cluster) or ["all"]
    own = f"postgres,template1,{MAINTENANCE}"
    root = [f"{network} {own} root {cidr} scram-sha-256\n" for cidr in cidrs]
    tenants = [f"{network} all all {cidr} scram-sha-256\n" for cidr in cidrs]
    return f"""\
local all                {SUPERUSER}           peer map=trove
local all                root               peer map=trove
local replication        {SUPERUSER}           peer map=trove
local all                all                   reject
host  all                {SUPERUSER} all       reject
host  replication        all         all       reject
{"".join(root)}host  {own} all         all       reject
{"".join(tenants)}"""


def _cidrs(cluster: Cluster) -> list[str]:
    path = _kept(cluster)
    kept: list[str] = json.loads(path.read_text()) if path.exists() else []
    return kept


def _kept(cluster: Cluster) -> Path:
    return cluster.facts.conf / "allowed_cidrs.json"
