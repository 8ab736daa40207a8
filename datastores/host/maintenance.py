"""The jobs that change a database that is there. Each can be started again after a crash halfway."""

from __future__ import annotations

from datastores.host import certificate, lifecycle, volume
from datastores.host.engine import Engine
from datastores.host.progress import Progress
from datastores.host.roles.conversion import Conversion
from datastores.host.roles.server import Server
from datastores.protocol.engine import Access, Certificate, ChangeTls, EngineReport, Grow, Resize, Setup, Upgrade
from datastores.protocol.message import Done


def set_up(engine: Engine, asked: Setup, progress: Progress) -> None:
    """Give a database that does not run its certificate, access rules and settings, for its next start."""
    server = Server.of(engine)
    progress.phase("configure")
    certificate.deliver(engine.facts, asked.tls)
    server.limit_access([*asked.allowed_cidrs])
    server.configure(asked.settings)


def resize(engine: Engine, asked: Resize, progress: Progress) -> EngineReport:
    """The settings of another flavor, in force after a restart."""
    progress.phase("configure")
    certificate.deliver(engine.facts, asked.tls)
    Server.of(engine).configure(asked.settings)
    progress.phase("restart")
    lifecycle.restart(engine)
    return started(engine, asked.tls)


def grow(engine: Engine, asked: Grow, progress: Progress) -> Done:
    """Use the whole of a volume that has become larger; a database that ended because it was full starts again."""
    progress.phase("grow")
    volume.grow(engine.facts)
    server = Server.of(engine)
    server.grown(asked.settings)
    if not server.running():
        progress.phase("start")
        lifecycle.bring_up(engine)
    return Done()


def access(engine: Engine, asked: Access, progress: Progress) -> EngineReport:
    """Other networks that may reach the database, and a certificate for its addresses; sessions that are open go on."""
    progress.phase("access")
    Server.of(engine).limit_access([*asked.allowed_cidrs])
    return certificate.renew(engine, asked.tls)


def change_tls(engine: Engine, asked: ChangeTls, progress: Progress) -> EngineReport:
    """Another certificate and mode of TLS, in force at once where the database can."""
    progress.phase("tls")
    return certificate.change(engine, asked.tls, asked.settings)


def upgrade(engine: Engine, asked: Upgrade, progress: Progress) -> EngineReport:
    """The same data under this version's software as it is on the host now."""
    server, conversion = Server.of(engine), Conversion.find(engine)
    progress.phase("install")
    server.install()
    if conversion and server.running():
        conversion.require_convertible()
    progress.phase("stop")
    server.stop()
    progress.phase("convert")
    if conversion:
        conversion.convert()
    progress.phase("configure")
    certificate.deliver(engine.facts, asked.tls)
    server.configure(asked.settings)
    progress.phase("start")
    server.start()
    progress.phase("verify")
    lifecycle.verify(engine)
    return started(engine, asked.tls)


def started(engine: Engine, delivered: Certificate | None) -> EngineReport:
    """What jobs say of a database that they started with the data it had."""
    version = Server.of(engine).status().version
    return certificate.report(engine, delivered, version=version, restart_required=lifecycle.restart_required(engine))
