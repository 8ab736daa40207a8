"""Starting a database: with new settings, with those that worked, and looking into what runs then."""

from __future__ import annotations

from datastores.host.engine import Engine
from datastores.host.errors import EngineError, SettingsRefused
from datastores.host.roles.backups import Backups
from datastores.host.roles.server import Server
from datastores.host.roles.tuning import Tuning


def restart(engine: Engine) -> None:
    """Stop and start; raises as `bring_up`."""
    Server.of(engine).stop()
    bring_up(engine)


def bring_up(engine: Engine) -> None:
    """Start; a database that does not start with new settings is started with those with which it started last.

    Raises:
        SettingsRefused: it runs, but not with the settings it was to have.
        EngineError: it did not start.
    """
    server, tuning = Server.of(engine), Tuning.find(engine)
    try:
        server.start()
    except EngineError as error:
        if tuning is None or not tuning.settings_file.go_back():
            raise
        server.start()
        raise SettingsRefused(f"{error}; it runs with the settings before") from error


def restart_required(engine: Engine) -> bool:
    """Return whether settings wait for the database's next start."""
    tuning = Tuning.find(engine)
    return tuning is not None and tuning.restart_required()


def verify(engine: Engine) -> None:
    """Look into the started database. Raises EngineError naming what is wrong."""
    if not Server.of(engine).running():
        raise EngineError("the database does not run")
    if backups := Backups.find(engine):
        backups.verify()
