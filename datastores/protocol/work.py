"""All work that a host does, by the names in requests: jobs, and the calls that read or change something at once."""

from __future__ import annotations

from typing import Any

from datastores.protocol import accounts, engine, logs, replication
from datastores.protocol.message import Work


def _by_name(*kinds: type[Work[Any]]) -> dict[str, type[Work[Any]]]:
    return {kind.action(): kind for kind in kinds}


JOBS = _by_name(
    engine.Create, engine.Restore, engine.Backup, engine.Restart, engine.Configure, engine.Start, engine.Stop,
    engine.Resize, engine.Grow, engine.Access, engine.Upgrade, engine.ChangeTls, replication.Replicate,
    replication.Rejoin,
)  # fmt: skip
READS = _by_name(
    engine.Status, accounts.Accounts, engine.Converted, engine.ShowCertificate, logs.MeasureLogs,
    replication.ReplicationState, replication.Observe, replication.AwaitPosition,
)  # fmt: skip
CHANGES = _by_name(
    accounts.CreateDatabases, accounts.DeleteDatabase, accounts.CreateUsers, accounts.UpdateUsers, accounts.DeleteUser,
    accounts.Grant, accounts.Revoke, accounts.EnableRoot, accounts.DisableRoot, logs.PublishLog, engine.Reconfigure,
    engine.RenewCertificate, replication.Admit, replication.Follow, replication.Fence, replication.Promote,
    replication.StopWrites, replication.AcceptWrites, replication.Confirm, replication.Synchronous, replication.Detach,
)  # fmt: skip
