"""Short work of the engine, answered at once: reads, and changes of databases and users.

A change has one effect however often it is made, and is made under the host's fence (`datastores.host.fence`): one that
arrives after a newer operation was seen is refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable

from datastores.host import certificate, logs, publishing, volume
from datastores.host.engine import Engine
from datastores.host.errors import NotRunning
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
    Status,
)
from datastores.protocol.logs import LogMeasures, MeasureLogs, PublishedPart, PublishLog
from datastores.protocol.message import Done, Work
from datastores.protocol.requests import Call, StartJob
from datastores.protocol.work import CHANGES, READS


def status(engine: Engine, _asked: Status) -> EngineStatus:
    """Whether the database runs, and whether it works."""
    found = engine.status()
    if found.running and found.problem is None:
        found = replace(found, problem=volume.problem(engine.facts))
    return found


def accounts(engine: Engine, _asked: Accounts) -> AccountList:
    """The tenant's databases and users."""
    _require_running(engine)
    return engine.accounts()


def converted(engine: Engine, _asked: Converted) -> Conversion:
    """Whether an upgrade to this version has come so far that there is no way back."""
    return Conversion(engine.converted())


def create_databases(engine: Engine, asked: CreateDatabases) -> Done:
    """Create databases; those that are there stay."""
    engine.create_databases([*asked.databases])
    return Done()


def delete_database(engine: Engine, asked: DeleteDatabase) -> Done:
    """Delete a database with everything in it."""
    engine.delete_database(asked.name)
    return Done()


def create_users(engine: Engine, asked: CreateUsers) -> Done:
    """Create users, or set their passwords."""
    engine.create_users([*asked.users])
    return Done()


def update_users(engine: Engine, asked: UpdateUsers) -> Done:
    """Change users' attributes."""
    for change in asked.changes:
        engine.update_user(change)
    return Done()


def delete_user(engine: Engine, asked: DeleteUser) -> Done:
    """Delete a user."""
    engine.delete_user(UserName(asked.name, asked.host))
    return Done()


def grant(engine: Engine, asked: Grant) -> Done:
    """Let a user use databases."""
    engine.grant(UserName(asked.name, asked.host), [*asked.databases])
    return Done()


def revoke(engine: Engine, asked: Revoke) -> Done:
    """Take databases from a user."""
    engine.revoke(UserName(asked.name, asked.host), [*asked.databases])
    return Done()


def enable_root(engine: Engine, asked: EnableRoot) -> Done:
    """Let the tenant's superuser log in with a password."""
    engine.enable_root(asked.password)
    return Done()


def disable_root(engine: Engine, _asked: DisableRoot) -> Done:
    """Let it log in no more."""
    engine.disable_root()
    return Done()


def measure_logs(engine: Engine, asked: MeasureLogs) -> LogMeasures:
    """Measure what of each log is not published yet."""
    return LogMeasures(tuple(logs.measure(engine.log(log.name), log.position) for log in asked.logs))


def publish_log(engine: Engine, asked: PublishLog) -> PublishedPart:
    """Publish a range of a log, or its first megabytes, and with the last of it the metafile."""
    return publishing.publish(engine.log(asked.name), asked)


def reconfigure(engine: Engine, asked: Reconfigure) -> EngineReport:
    """Give the database other settings; none is in force when one is refused."""
    engine.reconfigure(asked.settings)
    return EngineReport(restart_required=engine.restart_required())


def renew_certificate(engine: Engine, asked: RenewCertificate) -> EngineReport:
    """Have the database use another certificate, or say that it needs a restart for that."""
    return certificate.renew(engine, asked.tls)


CALLS: dict[str, Callable[[Engine, Any], object]] = {
    function.__name__: function
    for function in (
        status, accounts, converted, measure_logs, create_databases, delete_database, create_users, update_users,
        delete_user, grant, revoke, enable_root, disable_root, publish_log, reconfigure, renew_certificate,
    )
}  # fmt: skip
_AT_REST = (PublishLog, Reconfigure)
"""Changes that need no running database: the log of one that died is wanted most."""


def read(request: Call | StartJob) -> Work[Any]:
    """The work that a request for a call asks for. Raises ProtocolError."""
    known = {**READS, **CHANGES}
    if request.action not in known:
        raise ProtocolError(f"there is no call '{request.action}': there are {', '.join(sorted(known))}")
    return codec.decode(known[request.action], request.arguments)


def changes(asked: Work[Any]) -> bool:
    """Whether a call changes something."""
    return asked.action() in CHANGES


def call(engine: Engine, asked: Work[Any]) -> object:
    """Answer a call. Raises BadRequest, Unsupported, NotRunning, EngineError."""
    if changes(asked) and not isinstance(asked, _AT_REST):
        _require_running(engine)
    return CALLS[asked.action()](engine, asked)


def _require_running(engine: Engine) -> None:
    if not engine.running():
        raise NotRunning("the database does not run: restart the instance")
