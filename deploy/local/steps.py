"""The steps of a start that end: each runs in a process of its own, and again whenever it failed."""

import os

from deploy.local import postgres, recovery
from deploy.local.services import functions
from deploy.local.services.context import Context
from deploy.local.sessions import service_session

PATTERNS = {"sweep": "* * * * * */10", "health": "* * * * * */20", "reconcile": "*/2 * * * * 0"}
"""Every ten and every twenty seconds, and every other minute: Mistral takes a sixth field, the seconds."""


def make_databases(context: Context) -> None:
    """Make the roles and databases that are missing."""
    postgres.make_databases(context.state)


def upgrade_schema(context: Context) -> None:
    """Bring the state database of the functions to the newest revision."""
    from functions.state import migrations

    migrations.upgrade(postgres.url(context.state, "trove"))


def register_workflows(context: Context) -> None:
    """Register workflows, actions and cron triggers in Mistral, with the settings of the function group `cloud`."""
    os.environ.update(functions.environment(context, "cloud"))
    from deploy import workflows

    workflows.deploy(service_session(context.state), functions.urls(context), PATTERNS)


def resume_executions(context: Context) -> None:
    """Drive on what a crash of Mistral left."""
    recovery.resume_executions(context.state, service_session(context.state))


def converge_stacks(context: Context) -> None:
    """Drive on what a crash of Heat left."""
    recovery.converge_stacks(context.state, service_session(context.state))


def boot_hosts(context: Context) -> None:
    """Start hosts that are down, after a reboot of the machine for example."""
    from deploy.local.hosts import lifecycle

    lifecycle.boot_all(context.state.path)
