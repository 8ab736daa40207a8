"""The units of an embedded cloud: what runs, in which order, and what follows what."""

import signal
from collections.abc import Callable

from deploy.local import http, postgres, processes, steps
from deploy.local.addresses import PORTS
from deploy.local.services import functions, heat, keystone, mistral, swift
from deploy.local.services.context import Context
from deploy.local.supervisor import Unit

SERVICES = ("postgres", "keystone", "mistral", "heat", "swift", *functions.GROUPS)
"""Services in the order in which they are shown."""

_HEALTH_PATHS = {"keystone": "/v3", "swift": "/healthcheck"}


def units(context: Context) -> list[Unit]:
    """Every unit of one cloud."""
    return [
        _postgres(context),
        _step(context, "databases", steps.make_databases, after=("postgres",)),
        _service(context, "keystone", keystone.run, after=("databases",)),
        _service(context, "mistral", mistral.run, after=("databases",), follows=("postgres",)),
        _service(context, "heat", heat.run, after=("databases",), follows=("postgres",)),
        _service(context, "swift", swift.run),
        _step(context, "schema", steps.upgrade_schema, after=("databases",)),
        *(_functions(context, group) for group in functions.GROUPS),
        _step(context, "workflows", steps.register_workflows, after=("mistral", "keystone", "schema")),
        _step(context, "recover-mistral", steps.resume_executions, after=("mistral", "keystone"), follows=("mistral",)),
        _step(context, "recover-heat", steps.converge_stacks, after=("heat", "keystone"), follows=("heat",)),
        _step(context, "boot-hosts", steps.boot_hosts),
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


def _step(
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
