"""The actions that change a database that is there. Each can be started again after a crash halfway."""

from __future__ import annotations

from typing import Any

from datastores.host import arguments as fields
from datastores.host import certificate, volume
from datastores.host.engine import Engine
from datastores.host.progress import Progress


def resize(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The settings of another flavor, in force after a restart."""
    progress.phase("configure")
    certificate.deliver(engine, arguments)
    engine.configure(fields.settings(arguments))
    progress.phase("restart")
    engine.restart()
    return started(engine, arguments)


def grow(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Use the whole of a volume that has become larger; a database that ended because it was full starts again."""
    progress.phase("grow")
    volume.grow(engine.facts)
    engine.grown(fields.settings(arguments))
    if not engine.running():
        progress.phase("start")
        engine.bring_up()
    return {}


def access(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Other networks that may reach the database, and a certificate for its addresses; sessions that are open go on."""
    progress.phase("access")
    engine.limit_access(fields.allowed_cidrs(arguments))
    return certificate.renew(engine, arguments)


def upgrade(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The same data under this version's software as it is on the host now."""
    progress.phase("install")
    engine.install()
    if engine.running():
        engine.require_convertible()
    progress.phase("stop")
    engine.stop()
    progress.phase("convert")
    engine.convert()
    progress.phase("configure")
    certificate.deliver(engine, arguments)
    engine.configure(fields.settings(arguments))
    progress.phase("start")
    engine.start()
    progress.phase("verify")
    engine.verify()
    return started(engine, arguments)


def started(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """What jobs say of a database that they started with the data it had."""
    state = {"version": engine.status().version, "restart_required": engine.restart_required()}
    return {**state, **certificate.report(engine, arguments)}
