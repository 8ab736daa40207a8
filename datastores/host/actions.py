"""The actions a job can do, composed of the Engine contract. Each can be started again after a crash halfway."""

from __future__ import annotations

from typing import Any, Callable

from datastores.host import arguments as fields
from datastores.host import backups, certificate, changes, tempurl
from datastores.host.engine import Engine
from datastores.host.errors import BadRequest, EngineError, SettingsRefused
from datastores.host.progress import Progress

Action = Callable[[Engine, "dict[str, Any]", Progress], "dict[str, Any]"]


def create(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """A new, empty database with the databases and users asked for."""
    databases, users = fields.databases(arguments), fields.users(arguments)
    progress.phase("install")
    engine.install()
    progress.phase("initialize")
    engine.initialize()
    _begin(engine, arguments, progress)
    progress.phase("users")
    engine.create_databases(databases)
    engine.create_users(users)
    return {"version": engine.status().version, **certificate.report(engine, arguments)}


def restore(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """A database with the data of a backup and of those it builds on, then the databases and users asked for."""
    databases, users = fields.databases(arguments), fields.users(arguments)
    progress.phase("install")
    engine.install()
    progress.phase("download")
    engine.restore(backups.layers(engine, fields.chain(arguments), progress))
    _begin(engine, arguments, progress)
    progress.phase("verify")
    engine.verify()
    progress.phase("users")
    engine.create_databases(databases)
    engine.create_users(users)
    return {"version": engine.status().version, **certificate.report(engine, arguments)}


def backup(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """A copy of all data, or of what changed since a parent, in the object store."""
    progress.phase("upload")
    manifest = backups.dump(engine, arguments, tempurl.store(arguments.get("upload")), progress)
    return {
        "bytes_raw": manifest.bytes_raw,
        "bytes_stored": manifest.bytes_stored,
        "segments": len(manifest.segments),
        "parent": manifest.parent,
    }


def restart(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Stop and start the database."""
    progress.phase("restart")
    certificate.deliver(engine, arguments)
    _repaired(engine, arguments, engine.restart)
    return changes.started(engine, arguments)


def configure(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Give the database other settings; none is in force when one is refused."""
    progress.phase("configure")
    engine.reconfigure(fields.settings(arguments))
    return {"restart_required": engine.restart_required()}


def start(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Start the database."""
    progress.phase("start")
    certificate.deliver(engine, arguments)
    _repaired(engine, arguments, engine.bring_up)
    return changes.started(engine, arguments)


def stop(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Stop the database."""
    progress.phase("stop")
    engine.stop()
    return {}


_CHANGES = (changes.resize, changes.grow, changes.access, changes.upgrade)
ACTIONS: dict[str, Action] = {
    function.__name__: function for function in (create, restore, backup, restart, configure, start, stop, *_CHANGES)
}


def find(name: str) -> Action:
    """The action of that name. Raises BadRequest."""
    if name not in ACTIONS:
        raise BadRequest(f"there is no action '{name}': there are {', '.join(sorted(ACTIONS))}")
    return ACTIONS[name]


def _repaired(engine: Engine, arguments: dict[str, Any], begin: Callable[[], None]) -> None:
    """Have the database begin; one that does not, or lets nobody in, has its files of settings written anew first: a
    tenant's superuser may have damaged them."""
    try:
        begin()
    except SettingsRefused:
        raise
    except (EngineError, OSError):
        engine.stop()
        engine.limit_access(fields.allowed_cidrs(arguments))
        engine.configure(fields.settings(arguments))
        engine.start()


def _begin(engine: Engine, arguments: dict[str, Any], progress: Progress) -> None:
    progress.phase("configure")
    certificate.deliver(engine, arguments)
    engine.limit_access(fields.allowed_cidrs(arguments))
    engine.configure(fields.settings(arguments))
    progress.phase("start")
    engine.start()
