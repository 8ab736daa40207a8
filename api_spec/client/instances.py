"""Instances: what python-troveclient cannot do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api_spec.client.find import only

if TYPE_CHECKING:
    from api_spec.client.operations import Operation, Operations
    from api_spec.client.rest import Rest

MARKS_SINCE = 1
"""N of the microversion 1.N that has tags, protection, stop and start."""


class Instances:
    """The project's instances; each is named by its name or its id."""

    def __init__(self, rest: Rest, operations: Operations) -> None:
        self._rest = rest
        self._operations = operations

    def find(self, name_or_id: str) -> dict[str, Any]:
        """The instance as the specification's InstanceDetail shows it. Raises Refused: there is none, or several."""
        found: dict[str, Any] = self._rest.call("instances.show", instance_id=self.id_of(name_or_id))["instance"]
        return found

    def id_of(self, name_or_id: str) -> str:
        """The id of the instance. Raises Refused: there is none, or several of the name."""
        return str(only("instance", name_or_id, self._rest.items("instances.list", "instances"))["id"])

    def stop(self, name_or_id: str) -> Operation | None:
        """Stop the database; return the operation that does it. Raises ServerTooOld, Refused."""
        return self._act(name_or_id, "stop")

    def start(self, name_or_id: str) -> Operation | None:
        """Start a stopped database; return the operation that does it. Raises ServerTooOld, Refused."""
        return self._act(name_or_id, "start")

    def protect(self, name_or_id: str, *, protected: bool) -> None:
        """Refuse, or allow again, to delete the instance. Raises ServerTooOld, Refused."""
        self._update(name_or_id, {"deletion_protection": protected})

    def tag(self, name_or_id: str, tags: list[str]) -> None:
        """Replace the instance's tags. Raises ServerTooOld, Refused."""
        self._update(name_or_id, {"tags": tags})

    def events(self, name_or_id: str, limit: int | None = None) -> list[Operation]:
        """The instance's newest operations, each with its events. Raises ServerTooOld, Refused."""
        listed = self._operations.list(limit, instance_id=self.id_of(name_or_id))
        return [self._operations.show(operation.id) for operation in listed]

    def _act(self, name_or_id: str, action: str) -> Operation | None:
        self._rest.require(MARKS_SINCE, f"instance {action}")
        instance_id = self.id_of(name_or_id)
        self._rest.call("instances.action", {action: {}}, instance_id=instance_id)
        return self._operations.newest(instance_id=instance_id, type=f"instance_{action}")

    def _update(self, name_or_id: str, values: dict[str, Any]) -> None:
        self._rest.require(MARKS_SINCE, f"instance {next(iter(values))}")
        instance_id = self.id_of(name_or_id)
        self._rest.call("instances.update", {"instance": values}, instance_id=instance_id)
