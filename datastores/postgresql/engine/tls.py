"""TLS for clients."""

from __future__ import annotations

from datastores.host.errors import EngineError
from datastores.host.roles import tls
from datastores.postgresql.engine import tuning
from datastores.postgresql.engine.node import Node

_REFUSED = "SELECT error FROM pg_hba_file_rules WHERE error IS NOT NULL LIMIT 1;"


class Tls(tls.Tls):
    """TLS as the running server has it."""

    node: Node

    def served(self) -> bool:
        return self.node.psql("SHOW ssl;") == "on"

    def reload(self) -> bool:
        """Reload. Raises EngineError when the server does not take the rules of who may connect."""
        tuning.reload(self.node)
        if wrong := self.node.psql(_REFUSED):
            raise EngineError(f"PostgreSQL refuses the rules of access: {wrong}")
        return True
