"""Registers the workflows, the action trove.call and the cron triggers in Mistral, or updates them."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from functions.base.clock import now
from functions.framework import token
from workflows import ACTIONS, PUBLIC, TIMED, operation_files

if TYPE_CHECKING:
    from keystoneauth1.session import Session

TOKEN_LIFE = timedelta(days=3650)
"""Lifetime of the cron triggers' token. It allows periodic work only, whose steps do nothing before it is due."""


def deploy(session: "Session", function_urls: dict[str, str], patterns: dict[str, str]) -> None:
    """Register workflows, action and cron triggers in the session's project; replace what exists.

    Args:
        session: of the service user.
        function_urls: base URL of each noun's function service.
        patterns: when to start each periodic workflow (six fields: the last one is seconds).
    """
    from mistralclient.api.client import client

    mistral = client(mistral_url=session.get_endpoint(service_type="workflowv2", interface="public"), session=session)
    _register(mistral.actions, "trove.call", ACTIONS.read_text())
    for path in [*operation_files(), *TIMED]:
        _register(mistral.workflows, path.stem, path.read_text())
    for path in PUBLIC.glob("*.yaml"):
        _register(mistral.workflows, path.stem, path.read_text(), scope="public")
    environment = {"functions": function_urls, "token": token.issue("sweep", "sweep", now() + TOKEN_LIFE)}
    triggers = {trigger.name for trigger in mistral.cron_triggers.list()}
    for workflow, pattern in patterns.items():
        name = f"trove_{workflow}"
        if name in triggers:
            mistral.cron_triggers.delete(name)
        mistral.cron_triggers.create(name, workflow, workflow_params={"env": environment}, pattern=pattern)


def _register(manager: Any, name: str, definition: str, **options: str) -> None:  # noqa: ANN401 - mistralclient's
    if name in {known.name for known in manager.list()}:
        manager.update(definition, **options)
    else:
        manager.create(definition, **options)
