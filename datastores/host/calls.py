"""Short reads of the engine, answered at once."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from datastores.host.engine import Engine
from datastores.host.errors import BadRequest


def call(engine: Engine, name: str) -> dict[str, Any]:
    """Answer a call: `status` gives {"running", "version"}. Raises BadRequest for another one."""
    if name != "status":
        raise BadRequest(f"there is no call '{name}': there is status")
    return asdict(engine.status())
