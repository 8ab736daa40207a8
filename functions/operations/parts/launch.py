"""Start of an accepted operation's workflow."""

from functions.base.logs import get_logger
from functions.cloud import mistral
from functions.state.operations import moves
from functions.state.operations.models import Operation


def launch(operation: Operation) -> None:
    """Start the operation's workflow. If Mistral fails, the operation stays QUEUED and the sweep starts it."""
    try:
        mistral.start(operation.id, operation.type, operation.id, moves.undone_by(operation))
    except (mistral.MistralUnavailable, mistral.MistralRefused) as error:
        get_logger().error(
            "workflow not started; the sweep will start it", operation_id=operation.id, reason=error.message
        )
