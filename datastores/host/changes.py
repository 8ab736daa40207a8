"""The actions that change a database that is there. Each can be started again after a crash halfway."""

from __future__ import annotations

from typing import Any

from datastores.host import arguments as fields
from datastores.host import volume
from datastores.host.engine import Engine
from datastores.host.progress import Progress


def resize(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The settings of another flavor, in force after a restart."""
    progress.phase("configure")
    engine.configure(fields.settings(arguments))
    progress.phase("restart")
    engine.restart()
    return {"version": engine.status().version, "restart_required": engine.restart_required()}


def grow(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Use the whole of a volume that has become larger."""
    progress.phase("grow")
    volume.grow(engine.facts)
    return {}


def access(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Other networks that may reach the database; sessions that are open go on."""
    progress.phase("access")
    engine.limit_access(fields.allowed_cidrs(arguments))
    return {}


def upgrade(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The same data under the software as it is on the host now."""
    progress.phase("install")
    engine.install()
    progress.phase("stop")
    engine.stop()
    progress.phase("configure")
    engine.configure(fields.settings(arguments))
    progress.phase("start")
    engine.start()
    return {"version": engine.status().version, "restart_required": engine.restart_required()}
