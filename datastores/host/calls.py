"""Short work of the engine, answered at once: reads, and changes of databases and users.

A change has one effect however often it is made, and is made under the host's fence (`datastores.host.fence`): one that
arrives after a newer operation was seen is refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable

from datastores.host import certificate, logs, replication, tenants, volume
from datastores.host.engine import Engine
from datastores.host.errors import BadRequest, NotRunning
from datastores.host.roles import conversion
from datastores.host.roles.logs import Logs
from datastores.host.roles.server import Server
from datastores.host.roles.tenants import Root, Users
from datastores.host.roles.tuning import Tuning
from datastores.protocol import codec
from datastores.protocol.accounts import (
    AccountList,
    Accounts,
    CreateDatabases,
    CreateUsers,
    DeleteDatabase,
    DeleteUser,
    DisableRoot,
    EnableRoot,
    Grant,
    Revoke,
    UpdateUsers,
    UserName,
)
from datastores.protocol.codec import ProtocolError
from datastores.protocol.engine import (
    Conversion,
    Converted,
    EngineReport,
    EngineStatus,
    Reconfigure,
    RenewCertificate,
    ShowCertificate,
    ShownCertificate,
    Status,
)
from datastores.protocol.logs import LogMeasures, MeasureLogs, PublishedPart, PublishLog
from datastores.protocol.message import Done, Work
from datastores.protocol.replication import Observe, Observed, ReplicationState
from datastores.protocol.requests import Call, StartJob
from datastores.protocol.work import CHANGES, READS


def status(engine: Engine, _asked: Status) -> EngineStatus:
    """Whether the database runs, and whether it works; a full volume is told of one that has ended, too."""
    found = Server.of(engine).status()
    if found.problem is None:
        found = replace(found, problem=volume.problem(engine.facts))
    return found


def observe(engine: Engine, _asked: Observe) -> Observed:
    """Whether a member's database works, and how the member is."""
    return Observed(status(engine, Status()), replication.replication_state(engine, ReplicationState()))


def accounts(engine: Engine, _asked: Accounts) -> AccountList:
    """The tenant's databases and users."""
    users = Users.of(engine)
    _require_running(engine)
    return users.accounts()


def converted(engine: Engine, _asked: Converted) -> Conversion:
    """Whether an upgrade to this version has come so far that there is no way back."""
    role = conversion.Conversion.find(engine)
    return Conversion(role is not None and role.converted())


def show_certificate(engine: Engine, _asked: ShowCertificate) -> ShownCertificate:
    """The certificate that is there for the database."""
    return certificate.shown(engine.facts)


def create_databases(engine: Engine, asked: CreateDatabases) -> Done:
    """Create databases; those that are there stay."""
    tenants.create_databases(engine, [*asked.databases])
    return Done()


def delete_database(engine: Engine, asked: DeleteDatabase) -> Done:
    """Delete a database with everything in it."""
    tenants.delete_database(engine, asked.name)
    return Done()


def create_users(engine: Engine, asked: CreateUsers) -> Done:
    """Create users, or set their passwords."""
    tenants.create_users(engine, [*asked.users])
    return Done()


def update_users(engine: Engine, asked: UpdateUsers) -> Done:
    """Change users' attributes."""
    for change in asked.changes:
        tenants.update_user(engine, change)
    return Done()


def delete_user(engine: Engine, asked: DeleteUser) -> Done:
    """Delete a user."""
    tenants.delete_user(engine, UserName(asked.name, asked.host))
    return Done()


def grant(engine: Engine, asked: Grant) -> Done:
    """Let a user use databases."""
    tenants.grant(engine, UserName(asked.name, asked.host), [*asked.databases])
    return Done()


def revoke(engine: Engine, asked: Revoke) -> Done:
    """Take databases from a user."""
    tenants.revoke(engine, UserName(asked.name, asked.host), [*asked.databases])
    return Done()


def enable_root(engine: Engine, asked: EnableRoot) -> Done:
    """Let the tenant's superuser log in with a password."""
    Root.of(engine).enable(asked.password)
    return Done()


def disable_root(engine: Engine, _asked: DisableRoot) -> Done:
    """Let it log in no more."""
    Root.of(engine).disable()
    return Done()


def measure_logs(engine: Engine, asked: MeasureLogs) -> LogMeasures:
    """Measure what of each log is not published yet."""
    return LogMeasures(tuple(logs.measure(_log(engine, log.name), log.position) for log in asked.logs))


def publish_log(engine: Engine, asked: PublishLog) -> PublishedPart:
    """Publish a range of a log, or its first megabytes, and with the last of it the metafile."""
    from datastores.host import publishing

    return publishing.publish(_log(engine, asked.name), asked)


def reconfigure(engine: Engine, asked: Reconfigure) -> EngineReport:
    """Give the database other settings; none is in force when one is refused."""
    tuning = Tuning.of(engine)
    tuning.reconfigure(asked.settings)
    return EngineReport(restart_required=tuning.restart_required())


def renew_certificate(engine: Engine, asked: RenewCertificate) -> EngineReport:
    """Have the database use another certificate, or say that it needs a restart for that."""
    return certificate.renew(engine, asked.tls)


CALLS: dict[str, Callable[[Engine, Any], object]] = {
    function.__name__: function
    for function in (
        status, observe, accounts, converted, show_certificate, measure_logs, create_databases, delete_database,
        create_users, update_users, delete_user, grant, revoke, enable_root, disable_root, publish_log, reconfigure,
        renew_certificate, replication.replication_state, replication.await_position, replication.admit,
        replication.follow, replication.fence, replication.promote, replication.stop_writes, replication.accept_writes,
        replication.confirm, replication.synchronous, replication.detach,
    )
}  # fmt: skip
_OF_TENANTS = (
    CreateDatabases, DeleteDatabase, CreateUsers, UpdateUsers, DeleteUser, Grant, Revoke, EnableRoot, DisableRoot,
)  # fmt: skip
"""Changes of what the database holds, which a replica has from its primary."""
_NEEDS_RUNNING = (*_OF_TENANTS, RenewCertificate)
"""Not so the log of a database that died, which is wanted most, and what a group's members are told."""


def read(request: Call | StartJob) -> Work[Any]:
    """The work that a request for a call asks for. Raises ProtocolError."""
    known = {**READS, **CHANGES}
    if request.action not in known:
        raise ProtocolError(f"there is no call '{request.action}': there are {', '.join(sorted(known))}")
    return codec.decode(known[request.action], request.arguments)


def is_change(asked: Work[Any]) -> bool:
    """Whether a call changes something."""
    return asked.action() in CHANGES


def answer(engine: Engine, asked: Work[Any]) -> object:
    """Answer a call. Raises BadRequest, Unsupported, NotRunning, EngineError."""
    if isinstance(asked, _NEEDS_RUNNING):
        _require_running(engine)
    if isinstance(asked, _OF_TENANTS):
        replication.require_writes(engine)
    return CALLS[asked.action()](engine, asked)


def _require_running(engine: Engine) -> None:
    if not Server.of(engine).running():
        raise NotRunning("the database does not run: restart the instance")


def _log(engine: Engine, name: str) -> logs.Log:
    """A log of the datastore's. Raises Unsupported, BadRequest."""
    found = Logs.of(engine).logs()
    if name not in found:
        raise BadRequest(f"{engine.datastore} has no log '{name}': it has {', '.join(sorted(found))}")
    return found[name]
