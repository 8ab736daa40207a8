"""Mistral's cron triggers, which start the runs of schedules."""

from datetime import timedelta

from functions.base.clock import now
from functions.base.settings import get_settings
from functions.cloud import mistral
from functions.framework import token

WORKFLOW = "schedule_run"
"""The workflow that a schedule's trigger starts."""


def converge(schedule_id: str, pattern: str | None) -> None:
    """Delete the trigger of a schedule, then create it again unless `pattern` is None.

    Raises:
        MistralUnavailable, MistralRefused.
    """
    name = f"trove-schedule-{schedule_id}"
    mistral.send("DELETE", f"/cron_triggers/{name}", allow_absent=True)
    if pattern is None:
        return
    settings = get_settings()
    schedule_token = token.issue(schedule_id, "schedule", now() + timedelta(days=settings.schedule_token_days))
    environment = {"functions": settings.function_urls, "token": schedule_token}
    body = {"name": name, "workflow_name": WORKFLOW, "pattern": pattern, "workflow_params": {"env": environment}}
    mistral.send("POST", "/cron_triggers", json=body)
