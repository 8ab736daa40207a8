"""The jobs that change a database that is there. Each can be started again after a crash halfway."""

from __future__ import annotations

from datastores.host import certificate, volume
from datastores.host.engine import Engine
from datastores.host.progress import Progress
from datastores.protocol.engine import Access, Certificate, EngineReport, Grow, Resize, Upgrade
from datastores.protocol.message import Done


def resize(engine: Engine, asked: Resize, progress: Progress) -> EngineReport:
    """The settings of another flavor, in force after a restart."""
    progress.phase("configure")
    certificate.deliver(engine, asked.tls)
    engine.configure(asked.settings)
    progress.phase("restart")
    engine.restart()
    return started(engine, asked.tls)


def grow(engine: Engine, asked: Grow, progress: Progress) -> Done:
    """Use the whole of a volume that has become larger; a database that ended because it was full starts again."""
    progress.phase("grow")
    volume.grow(engine.facts)
    engine.grown(asked.settings)
    if not engine.running():
        progress.phase("start")
        engine.bring_up()
    return Done()


def access(engine: Engine, asked: Access, progress: Progress) -> EngineReport:
    """Other networks that may reach the database, and a certificate for its addresses; sessions that are open go on."""
    progress.phase("access")
    engine.limit_access([*asked.allowed_cidrs])
    return certificate.renew(engine, asked.tls)


def upgrade(engine: Engine, asked: Upgrade, progress: Progress) -> EngineReport:
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
    certificate.deliver(engine, asked.tls)
    engine.configure(asked.settings)
    progress.phase("start")
    engine.start()
    progress.phase("verify")
    engine.verify()
    return started(engine, asked.tls)


def started(engine: Engine, delivered: Certificate | None) -> EngineReport:
    """What jobs say of a database that they started with the data it had."""
    restart_required = engine.restart_required()
    return certificate.report(engine, delivered, version=engine.status().version, restart_required=restart_required)
