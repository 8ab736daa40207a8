"""The form of every step's answer, which is sent with HTTP status 200, also for an error."""

from pydantic import BaseModel


class StepError(BaseModel):
    """The error of a step; `retryable`: the same call may succeed later."""

    type: str
    message: str
    details: dict[str, object] = {}
    retryable: bool = False


class Envelope(BaseModel):
    """The answer of a step: its result if `ok`, else its error."""

    ok: bool
    result: dict[str, object] | None = None
    error: StepError | None = None
