"""One-shot units of a start, which end. Each runs in a process of its own, and again after a failure."""

import os

from deploy.local import postgres, recovery
from deploy.local.services import functions
from deploy.local.services.context import Context
from deploy.local.sessions import service_session

PATTERNS = {
    "sweep": "* * * * * */10",
    "health": "* * * * * */20",
    "watch": "* * * * * */20",
    "reconcile": "*/2 * * * * 0",
}
"""Cron pattern of each periodic workflow, with seconds as a sixth field: every 10 s, 20 s and 2 minutes."""


KEY_MANAGER_ROLES = ("creator", "observer", "audit")
"""Roles that Barbican's older rules name, besides those that Keystone has anyway."""


def make_databases(context: Context) -> None:
    """Create the roles and databases that are missing."""
    postgres.make_databases(context.state)


def upgrade_schema(context: Context) -> None:
    """Migrate the state database of the functions to the newest revision."""
    from functions.state import migrations

    migrations.upgrade(postgres.url(context.state, "trove"))


def register_workflows(context: Context) -> None:
    """Register workflows, actions and cron triggers in Mistral, with the settings of the function group `control`."""
    os.environ.update(functions.environment(context, "control"))
    from deploy import workflows

    workflows.deploy(service_session(context.state), functions.urls(context), PATTERNS)


def register_barbican(context: Context) -> None:
    """Create Barbican's user, its roles and its place in the catalog, as far as Keystone lacks them."""
    from deploy.local import keystone_accounts
    from deploy.local.services import barbican

    accounts = keystone_accounts.Accounts(service_session(context.state))
    for role in KEY_MANAGER_ROLES:
        accounts.ensure_role(role)
    accounts.ensure_service_user(barbican.NAME, barbican.password(context))
    accounts.ensure_service("key-manager", barbican.NAME, context.addresses.url(barbican.NAME))


def resume_executions(context: Context) -> None:
    """Resume the workflow executions that a crash of Mistral left."""
    recovery.resume_executions(context.state, service_session(context.state))


def converge_stacks(context: Context) -> None:
    """Resume the stacks that a crash of Heat left."""
    recovery.converge_stacks(context.state, service_session(context.state))


def boot_hosts(context: Context) -> None:
    """Boot the hosts that are down, for example after a reboot of the machine."""
    from deploy.local.hosts import lifecycle

    lifecycle.boot_all(context.state.path)
