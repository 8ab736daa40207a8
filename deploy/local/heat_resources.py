"""What the Heat resources of the embedded cloud share."""

import os
from pathlib import Path
from typing import Any

from heat.common import exception
from heat.engine import properties


def required(kind: str, description: str, *, update: bool = True, **more: Any) -> Any:  # noqa: ANN401
    """Return the schema of a property that a template must set."""
    return properties.Schema(kind, description, required=True, update_allowed=update, **more)


def optional(kind: str, description: str, default: object) -> Any:  # noqa: ANN401
    """Return the schema of a property that templates of earlier releases do not set."""
    return properties.Schema(kind, description, default=default, update_allowed=True)


def state_dir() -> Path:
    """Return the embedded cloud's state directory, from the environment variable TROVE_LOCAL_STATE."""
    try:
        return Path(os.environ["TROVE_LOCAL_STATE"])
    except KeyError:
        raise exception.Error("set TROVE_LOCAL_STATE to the embedded cloud's state directory") from None
