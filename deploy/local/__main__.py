"""The supervisor process of one cloud: `python -m deploy.local STATE`. `trovectl up` starts it."""

import gc
import importlib
import os
import sys
from pathlib import Path

from deploy.local import linux, privileges
from deploy.local.engines import trees
from deploy.local.errors import LocalError
from deploy.local.state import State

ALREADY_RUNNING = 75
"""Exit code when another supervisor has the lock (EX_TEMPFAIL)."""

SHARED_IMPORTS = (
    "alembic.command",
    "cheroot.wsgi",
    "cryptography.fernet",
    "jsonschema",
    "keystoneauth1.identity.v3",
    "keystoneauth1.loading",
    "keystoneclient.v3.client",
    "keystonemiddleware.auth_token",
    "netaddr",
    "oslo_cache.core",
    "oslo_concurrency.processutils",
    "oslo_db.sqlalchemy.enginefacade",
    "oslo_log.log",
    "oslo_messaging",
    "oslo_middleware",
    "oslo_policy.policy",
    "oslo_serialization.jsonutils",
    "oslo_utils.timeutils",
    "osprofiler.web",
    "paste.deploy",
    "psycopg2",
    "requests",
    "routes",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "sqlalchemy.orm",
    "stevedore",
    "webob.dec",
    "yaml",
)
"""Modules that most services import, imported once before the fork. None of them starts a thread or needs eventlet."""


def main() -> int:
    """Run the cloud of the state directory in the first argument until SIGTERM. Returns the exit status."""
    state = State.at(Path(sys.argv[1]))
    engines = trees.directory()
    fetched = [path for path in (engines,) if path.exists()]
    try:
        privileges.drop([Path(sys.prefix), Path(sys.base_prefix), Path(__file__), state.run, *fetched])
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    os.environ.update(HOME=str(state.run), TROVE_ENGINES=str(engines))
    lock = state.lock()
    if lock is None:
        return ALREADY_RUNNING
    os.umask(0o077)
    linux.limit_arenas(2)
    _run(state)
    lock.close()
    return 0


def _run(state: State) -> None:
    from oslo_service import backend

    backend.init_backend(backend.BackendType.THREADING)
    from deploy.local import addresses, credentials, postgres, status
    from deploy.local.services.context import Context
    from deploy.local.supervisor import Supervisor
    from deploy.local.units import units

    status.path(state.run).unlink(missing_ok=True)
    where = addresses.load(state.path)
    credentials.write_function_secrets(state, postgres.url(state, "trove"))
    credentials.write_clouds(state, where)
    context = Context(state, where, credentials.passwords(state))
    supervisor = Supervisor(units(context), state.run, lambda: units(context))
    supervisor.poll()
    for name in SHARED_IMPORTS:
        importlib.import_module(name)
    gc.freeze()
    supervisor.run()


if __name__ == "__main__":
    sys.exit(main())
