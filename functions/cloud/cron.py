"""Mistral's cron triggers, which start the runs of schedules."""

from datetime import timedelta

from functions.cloud import mistral
from functions.runtime import token
from functions.runtime.clock import now
from functions.runtime.settings import get_settings

WORKFLOW = "schedule_run"
TOKEN_LIFE = timedelta(days=3650)
"""A schedule's token is of no use once the schedule has ended."""


def converge(schedule_id: str, pattern: str | None) -> None:
    """Make the trigger of a schedule anew, or remove it when there is no pattern.

    Raises:
        MistralUnavailable, MistralRefused.
    """
    name = f"trove-schedule-{schedule_id}"
    mistral.send("DELETE", f"/cron_triggers/{name}", allow_absent=True)
    if pattern is None:
        return
    schedule_token = token.issue(schedule_id, "schedule", now() + TOKEN_LIFE)
    environment = {"functions": get_settings().function_urls, "token": schedule_token}
    body = {"name": name, "workflow_name": WORKFLOW, "pattern": pattern, "workflow_params": {"env": environment}}
    mistral.send("POST", "/cron_triggers", json=body)
