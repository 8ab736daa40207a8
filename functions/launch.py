"""From an accepted operation to a running workflow."""

from functions.cloud import mistral
from functions.operations.kind import UNDOING_LIMIT
from functions.runtime.logs import get_logger
from functions.state.models import Operation


def launch(operation: Operation) -> None:
    """Start the operation's workflow; when Mistral cannot be had it stays QUEUED, and the sweep starts it."""
    try:
        mistral.start(operation.id, operation.type, operation.id, operation.deadline + UNDOING_LIMIT)
    except (mistral.MistralUnavailable, mistral.MistralRefused) as error:
        get_logger().error("workflow not started; the sweep will", operation_id=operation.id, reason=error.message)
