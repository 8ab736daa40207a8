"""The units of an embedded cloud, with their order and dependencies."""

import signal
from collections.abc import Callable

from deploy.local import http, oneshots, postgres, processes
from deploy.local.addresses import PORTS
from deploy.local.services import barbican, endpoints, functions, heat, keystone, mistral, swift
from deploy.local.services.context import Context
from deploy.local.supervisor import Unit

SERVICES = ("postgres", "keystone", "mistral", "heat", "swift", "endpoints", *functions.GROUPS)
"""Services in the order in which they are shown."""

_HEALTH_PATHS = {"keystone": "/v3", "swift": "/healthcheck"}


def units(context: Context) -> list[Unit]:
    """Return all units of a cloud, in the order in which they are shown."""
    return [*_units(context), *(unit for extra in context.state.extras() for unit in _EXTRAS[extra](context))]


def _units(context: Context) -> list[Unit]:
    return [
        _postgres(context),
        _oneshot(context, "databases", oneshots.make_databases, after=("postgres",)),
        _service(context, "keystone", keystone.run, after=("databases",)),
        _service(context, "mistral", mistral.run, after=("databases",), follows=("postgres",)),
        _service(context, "heat", heat.run, after=("databases",), follows=("postgres",)),
        _service(context, "swift", swift.run),
        _endpoints(context),
        _oneshot(context, "schema", oneshots.upgrade_schema, after=("databases",)),
        *(_functions(context, group) for group in functions.GROUPS),
        _oneshot(context, "workflows", oneshots.register_workflows, after=("mistral", "keystone", "schema")),
        _oneshot(
            context, "recover-mistral", oneshots.resume_executions, after=("mistral", "keystone"), follows=("mistral",)
        ),
        _oneshot(context, "recover-heat", oneshots.converge_stacks, after=("heat", "keystone"), follows=("heat",)),
        _oneshot(context, "boot-hosts", oneshots.boot_hosts),
    ]


def _postgres(context: Context) -> Unit:
    state = context.state
    run = postgres.runner(state)
    return Unit(
        name="postgres",
        start=lambda: processes.fork(run, state.log("postgres"), signal.SIGINT),
        probe=lambda: postgres.ready(state),
        stop_signal=signal.SIGINT,
        last=True,
    )


def _endpoints(context: Context) -> Unit:
    marker = endpoints.marker(context)

    def start() -> int:
        marker.unlink(missing_ok=True)
        return processes.fork(lambda: endpoints.run(context), context.state.log("endpoints"))

    return Unit(name="endpoints", start=start, probe=marker.exists)


def _service(
    context: Context,
    name: str,
    run: Callable[[Context], None],
    *,
    after: tuple[str, ...] = (),
    follows: tuple[str, ...] = (),
) -> Unit:
    return Unit(
        name=name,
        start=lambda: processes.fork(lambda: run(context), context.state.log(name)),
        probe=lambda: http.answers(context.addresses.control, PORTS[name], _HEALTH_PATHS.get(name, "/")),
        after=after,
        follows=follows,
    )


def _functions(context: Context, group: str) -> Unit:
    return Unit(
        name=group,
        start=lambda: processes.fork(functions.runner(context, group), context.state.log(group)),
        probe=lambda: http.answers(context.addresses.control, PORTS[group]),
        after=("schema",),
    )


def _oneshot(
    context: Context,
    name: str,
    run: Callable[[Context], None],
    *,
    after: tuple[str, ...] = (),
    follows: tuple[str, ...] = (),
) -> Unit:
    return Unit(
        name=name,
        start=lambda: processes.fork(lambda: run(context), context.state.log("supervisor")),
        after=after,
        follows=follows,
    )


def _barbican(context: Context) -> list[Unit]:
    register = oneshots.register_barbican
    return [
        _oneshot(context, "register-barbican", register, after=("keystone",)),
        _service(context, barbican.NAME, barbican.run, after=("register-barbican",)),
    ]


_EXTRAS: dict[str, Callable[[Context], list[Unit]]] = {barbican.NAME: _barbican}
