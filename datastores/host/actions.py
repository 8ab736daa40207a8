"""The jobs, composed of the Engine contract. Each can be started again after a crash halfway."""

from __future__ import annotations

from typing import Any, Callable

from datastores.host import backups, certificate, changes, tempurl
from datastores.host.engine import Engine
from datastores.host.errors import EngineError, SettingsRefused
from datastores.host.progress import Progress
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
    engine.install()
    progress.phase("initialize")
    engine.initialize()
    _begin(engine, asked, progress)
    return _with_accounts(engine, asked, progress)


def restore(engine: Engine, asked: Restore, progress: Progress) -> EngineReport:
    """A database with the data of a backup and of those it builds on, then the databases and users asked for."""
    progress.phase("install")
    engine.install()
    progress.phase("download")
    engine.restore(backups.layers(engine, [tempurl.Store(address) for address in asked.download], progress))
    _begin(engine, asked, progress)
    progress.phase("verify")
    engine.verify()
    return _with_accounts(engine, asked, progress)


def backup(engine: Engine, asked: Backup, progress: Progress) -> StoredBackup:
    """A copy of all data, or of what changed since a parent, in the object store."""
    progress.phase("upload")
    manifest = backups.dump(engine, asked, progress)
    return StoredBackup(manifest.bytes_raw, manifest.bytes_stored, len(manifest.segments), manifest.parent)


def restart(engine: Engine, asked: Restart, progress: Progress) -> EngineReport:
    """Stop and start the database."""
    progress.phase("restart")
    certificate.deliver(engine, asked.tls)
    _repaired(engine, asked, engine.restart)
    return changes.started(engine, asked.tls)


def configure(engine: Engine, asked: Configure, progress: Progress) -> EngineReport:
    """Give the database other settings; none is in force when one is refused."""
    progress.phase("configure")
    engine.reconfigure(asked.settings)
    return EngineReport(restart_required=engine.restart_required())


def start(engine: Engine, asked: Start, progress: Progress) -> EngineReport:
    """Start the database."""
    progress.phase("start")
    certificate.deliver(engine, asked.tls)
    _repaired(engine, asked, engine.bring_up)
    return changes.started(engine, asked.tls)


def stop(engine: Engine, _asked: Stop, progress: Progress) -> Done:
    """Stop the database."""
    progress.phase("stop")
    engine.stop()
    return Done()


_CHANGES = (changes.resize, changes.grow, changes.access, changes.upgrade)
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


def _repaired(engine: Engine, asked: Setup, begin: Callable[[], None]) -> None:
    """Have the database begin; one that does not, or lets nobody in, has its files of settings written anew first: a
    tenant's superuser may have damaged them."""
    try:
        begin()
    except SettingsRefused:
        raise
    except (EngineError, OSError):
        engine.stop()
        engine.limit_access([*asked.allowed_cidrs])
        engine.configure(asked.settings)
        engine.start()


def _begin(engine: Engine, asked: Setup, progress: Progress) -> None:
    progress.phase("configure")
    certificate.deliver(engine, asked.tls)
    engine.limit_access([*asked.allowed_cidrs])
    engine.configure(asked.settings)
    progress.phase("start")
    engine.start()


def _with_accounts(engine: Engine, asked: NewSetup, progress: Progress) -> EngineReport:
    progress.phase("users")
    engine.create_databases([*asked.databases])
    engine.create_users([*asked.users])
    return certificate.report(engine, asked.tls, version=engine.status().version)
