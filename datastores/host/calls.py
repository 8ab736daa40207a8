"""Short work of the engine, answered at once: reads, and changes of databases and users.

A change has one effect however often it is made, and is made under the host's fence (`datastores.host.fence`): one that
arrives after a newer operation was seen is refused.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, Callable

from datastores.host import arguments as fields
from datastores.host import certificate, logs, publishing, tempurl, volume
from datastores.host.engine import Engine
from datastores.host.errors import BadRequest, NotRunning

Call = Callable[[Engine, "dict[str, Any]"], "dict[str, Any]"]
_SHORT = tempurl.Retry(give_up=5.0)  # somebody waits for the answer, and asks again


def status(engine: Engine, _arguments: dict[str, Any]) -> dict[str, Any]:
    """{"running": bool, "version": str | null, "problem": str | null}"""
    found = engine.status()
    if found.running and found.problem is None:
        found = replace(found, problem=volume.problem(engine.facts))
    return asdict(found)


def accounts(engine: Engine, _arguments: dict[str, Any]) -> dict[str, Any]:
    """{"databases": [str], "users": [{"name", "host", "databases": [str]}], "root_enabled": bool}"""
    _require_running(engine)
    return asdict(engine.accounts())


def converted(engine: Engine, _arguments: dict[str, Any]) -> dict[str, Any]:
    """{"converted": bool}: whether an upgrade to this version has come so far that there is no way back."""
    return {"converted": engine.converted()}


def create_databases(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """`databases` as the action `create` has them; those that are there stay."""
    engine.create_databases(fields.databases(arguments))
    return {}


def delete_database(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """The database `name`, with everything in it."""
    engine.delete_database(fields.name(arguments))
    return {}


def create_users(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """`users` as the action `create` has them."""
    engine.create_users(fields.users(arguments))
    return {}


def update_users(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """`changes`: [{"name", "host", "new_name"?, "new_host"?, "password"?}]"""
    for change in fields.changes(arguments):
        engine.update_user(change)
    return {}


def delete_user(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """The user `name` of `host`."""
    engine.delete_user(fields.user_name(arguments))
    return {}


def grant(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """Let the user `name` of `host` use `databases`: [str]."""
    engine.grant(fields.user_name(arguments), fields.names(arguments, "databases"))
    return {}


def revoke(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """The opposite."""
    engine.revoke(fields.user_name(arguments), fields.names(arguments, "databases"))
    return {}


def enable_root(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """The superuser of the tenant, with `password`."""
    engine.enable_root(fields.password(arguments))
    return {}


def disable_root(engine: Engine, _arguments: dict[str, Any]) -> dict[str, Any]:
    """No superuser of the tenant any more."""
    engine.disable_root()
    return {}


def measure_logs(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """For each of `logs` [{"name", "position"}]: {"pending_bytes": int, "rotated": bool, "end": position | null}."""
    measured = [logs.measure(engine.log(name), since) for name, since in fields.log_positions(arguments)]
    return {"logs": [asdict(found) for found in measured]}


def publish_log(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """Publish the log `name` to `upload` from `position` to `until`, or the first megabytes of that.

    The objects are named by `begun` and `parts`; the answer is {"position", "published_bytes", "parts", "finished"}.
    """
    wanted, names = fields.publication(arguments)
    store = tempurl.store(arguments.get("upload"), _SHORT)
    done = publishing.publish(engine.log(fields.name(arguments)), wanted, names, store)
    if done.finished:
        publishing.put_metafile(store, fields.details(arguments) | {"log_position": done.position})
    return asdict(done)


def reconfigure(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """Make `settings` the settings; none is in force when one is refused."""
    engine.reconfigure(fields.settings(arguments))
    return {"restart_required": engine.restart_required()}


def renew_certificate(engine: Engine, arguments: dict[str, Any]) -> dict[str, Any]:
    """Have the database use the certificate `tls`: {"certificate_expires"}, or {"restart_required": true}."""
    return certificate.renew(engine, arguments)


READS: dict[str, Call] = {function.__name__: function for function in (status, accounts, converted, measure_logs)}
CHANGES: dict[str, Call] = {
    function.__name__: function
    for function in (
        create_databases, delete_database, create_users, update_users, delete_user, grant, revoke, enable_root,
        disable_root, publish_log, reconfigure, renew_certificate,
    )
}  # fmt: skip
AT_REST = frozenset({"publish_log", "reconfigure"})
"""Changes that need no running database: the log of one that died is wanted most."""


def changes(name: str) -> bool:
    """Whether a call changes something. Raises BadRequest for a name that is no call."""
    if name not in READS and name not in CHANGES:
        raise BadRequest(f"there is no call '{name}': there are {', '.join(sorted({**READS, **CHANGES}))}")
    return name in CHANGES


def call(engine: Engine, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Answer a call. Raises BadRequest, Unsupported, NotRunning, EngineError."""
    if changes(name):
        if name not in AT_REST:
            _require_running(engine)
        return CHANGES[name](engine, arguments)
    return READS[name](engine, arguments)


def _require_running(engine: Engine) -> None:
    if not engine.running():
        raise NotRunning("the database does not run: restart the instance")
