"""Registers the workflows, the action trove.call and the sweep's cron trigger in Mistral; again, it updates them."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from functions.runtime import token
from functions.runtime.clock import now
from workflows import ACTIONS, SWEEP, operation_files

if TYPE_CHECKING:
    from keystoneauth1.session import Session

TRIGGER = "trove_sweep"
TOKEN_LIFE = timedelta(days=3650)
"""The sweep's token allows nothing but the sweep, which does only what is due anyway."""


def deploy(session: "Session", function_urls: dict[str, str], sweep_pattern: str) -> None:
    """Register everything in the session's project.

    Args:
        session: of the service user.
        function_urls: base URL of each noun's function service.
        sweep_pattern: when to sweep, as a cron pattern (six fields: the last one is seconds).
    """
    from mistralclient.api.client import client

    mistral = client(mistral_url=session.get_endpoint(service_type="workflowv2", interface="public"), session=session)
    _register(mistral.actions, "trove.call", ACTIONS.read_text())
    for path in [*operation_files(), SWEEP]:
        _register(mistral.workflows, path.stem, path.read_text())
    environment = {"functions": function_urls, "token": token.issue("sweep", "sweep", now() + TOKEN_LIFE)}
    if TRIGGER in {trigger.name for trigger in mistral.cron_triggers.list()}:
        mistral.cron_triggers.delete(TRIGGER)
    mistral.cron_triggers.create(TRIGGER, "sweep", workflow_params={"env": environment}, pattern=sweep_pattern)


def _register(manager: Any, name: str, definition: str) -> None:  # noqa: ANN401 - mistralclient has no types
    if name in {known.name for known in manager.list()}:
        manager.update(definition)
    else:
        manager.create(definition)
