"""The jobs, composed of the roles of an engine. Each can be started again after a crash halfway."""

from __future__ import annotations

from typing import Any, Callable

from datastores.host import backups, certificate, lifecycle, maintenance, replication, tempurl, tenants
from datastores.host.engine import Engine
from datastores.host.errors import EngineError, SettingsRefused
from datastores.host.progress import Progress
from datastores.host.roles.backups import Backups
from datastores.host.roles.server import Server
from datastores.host.roles.tuning import Tuning
from datastores.protocol import codec
from datastores.protocol.codec import ProtocolError
from datastores.protocol.engine import (
    Backup,
    Configure,
    Create,
    EngineReport,
    NewSetup,
    Restart,
    Restore,
    Setup,
    Start,
    Stop,
    StoredBackup,
)
from datastores.protocol.message import Done, Work
from datastores.protocol.requests import StartJob
from datastores.protocol.work import JOBS


def create(engine: Engine, asked: Create, progress: Progress) -> EngineReport:
    """A new, empty database with the databases and users asked for."""
    progress.phase("install")
    server = Server.of(engine)
    server.install()
    progress.phase("initialize")
    if not engine.node.data.exists():
        server.initialize()
    _begin(engine, asked, progress)
    return _with_accounts(engine, asked, progress)


def restore(engine: Engine, asked: Restore, progress: Progress) -> EngineReport:
    """A database with the data of a backup and of those it builds on, then the databases and users asked for."""
    role = Backups.of(engine)
    progress.phase("install")
    Server.of(engine).install()
    progress.phase("download")
    layers = backups.layers(engine, [tempurl.Store(address) for address in asked.download], progress)
    if not engine.node.data.exists():
        role.restore(layers)
    _begin(engine, asked, progress)
    progress.phase("verify")
    lifecycle.verify(engine)
    return _with_accounts(engine, asked, progress)


def backup(engine: Engine, asked: Backup, progress: Progress) -> StoredBackup:
    """A copy of all data, or of what changed since a parent, in the object store."""
    progress.phase("upload")
    manifest = backups.dump(engine, asked, progress)
    return StoredBackup(manifest.bytes_raw, manifest.bytes_stored, len(manifest.segments), manifest.parent)


def restart(engine: Engine, asked: Restart, progress: Progress) -> EngineReport:
    """Stop and start the database."""
    replication.require_epoch(engine, asked.epoch)
    progress.phase("restart")
    certificate.deliver(engine.facts, asked.tls)
    _repaired(engine, asked, lifecycle.restart)
    return maintenance.started(engine, asked.tls)


def configure(engine: Engine, asked: Configure, progress: Progress) -> EngineReport:
    """Give the database other settings; none is in force when one is refused."""
    progress.phase("configure")
    tuning = Tuning.of(engine)
    tuning.reconfigure(asked.settings)
    return EngineReport(restart_required=tuning.restart_required())


def start(engine: Engine, asked: Start, progress: Progress) -> EngineReport:
    """Start the database."""
    replication.require_epoch(engine, asked.epoch)
    progress.phase("start")
    certificate.deliver(engine.facts, asked.tls)
    _repaired(engine, asked, lifecycle.bring_up)
    return maintenance.started(engine, asked.tls)


def stop(engine: Engine, _asked: Stop, progress: Progress) -> Done:
    """Stop the database."""
    progress.phase("stop")
    Server.of(engine).stop()
    return Done()


_CHANGES = (
    maintenance.resize, maintenance.grow, maintenance.access, maintenance.upgrade, maintenance.change_tls,
    replication.replicate, replication.rejoin,
)  # fmt: skip
ACTIONS: dict[str, Callable[[Engine, Any, Progress], object]] = {
    function.__name__: function for function in (create, restore, backup, restart, configure, start, stop, *_CHANGES)
}


def read(request: StartJob) -> Work[Any]:
    """The work that a request for a job asks for. Raises ProtocolError."""
    if request.action not in JOBS:
        raise ProtocolError(f"there is no action '{request.action}': there are {', '.join(sorted(JOBS))}")
    return codec.decode(JOBS[request.action], request.arguments)


def do(engine: Engine, asked: Work[Any], progress: Progress) -> object:
    """Do a job's work and give its answer."""
    return ACTIONS[asked.action()](engine, asked, progress)


def _repaired(engine: Engine, asked: Setup, begin: Callable[[Engine], None]) -> None:
    """Have the database begin; one that does not, or lets nobody in, has its files of settings written anew first: a
    tenant's superuser may have damaged them."""
    try:
        begin(engine)
    except SettingsRefused:
        raise
    except (EngineError, OSError):
        server = Server.of(engine)
        server.stop()
        server.limit_access([*asked.allowed_cidrs])
        server.configure(asked.settings)
        server.start()


def _begin(engine: Engine, asked: Setup, progress: Progress) -> None:
    maintenance.set_up(engine, asked, progress)
    progress.phase("start")
    Server.of(engine).start()


def _with_accounts(engine: Engine, asked: NewSetup, progress: Progress) -> EngineReport:
    progress.phase("users")
    if asked.databases:
        tenants.create_databases(engine, [*asked.databases])
    if asked.users:
        tenants.create_users(engine, [*asked.users])
    return certificate.report(engine, asked.tls, version=Server.of(engine).status().version)
