"""The one shape of every step's answer; the HTTP status is 200 whenever the step itself decided."""

from typing import Any

from pydantic import BaseModel


class StepError(BaseModel):
    """Why a step did not do its work; `retryable`: the same call may succeed later."""

    type: str
    message: str
    details: dict[str, Any] = {}
    retryable: bool = False


class Envelope(BaseModel):
    """{"ok": bool, "result": {...}|null, "error": {...}|null}"""

    ok: bool
    result: dict[str, Any] | None = None
    error: StepError | None = None
