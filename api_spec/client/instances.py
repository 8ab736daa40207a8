"""Actions on instances that python-troveclient lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api_spec.client.find import find_one
from api_spec.client.rest import Item

if TYPE_CHECKING:
    from api_spec.client.operations import Operation, Operations
    from api_spec.client.rest import Rest

MARKS_SINCE = 1
"""N of the first microversion 1.N that has tags, protection, stop and start."""
CONNECTIONS_SINCE = 2
"""N of the first microversion 1.N that has endpoints and connection strings."""
STANDING_SINCE = 2
"""N of the first microversion 1.N that shows how members of groups are doing, and rebuilds replicas."""


class Instances:
    """The project's instances. Methods take an instance's name or id."""

    def __init__(self, rest: Rest, operations: Operations) -> None:
        self._rest = rest
        self._operations = operations

    def find(self, name_or_id: str, since: int = 0) -> Item:
        """Return the instance, as InstanceDetail of the specification has it since 1.`since`.

        Raises ServerTooOld; Refused if there is none or several.
        """
        self._rest.require(since, "what is asked for")
        found: Item = self._rest.call("instances.show", instance_id=self.id_of(name_or_id))["instance"]
        return found

    def id_of(self, name_or_id: str) -> str:
        """Return the id of the instance. Raises Refused if there is none or several of the name."""
        return str(find_one("instance", name_or_id, self._rest.items("instances.list", "instances"))["id"])

    def stop(self, name_or_id: str) -> Operation | None:
        """Stop the database; return the operation. Raises ServerTooOld, Refused."""
        return self._act(name_or_id, "stop", "instance_stop", MARKS_SINCE)

    def start(self, name_or_id: str) -> Operation | None:
        """Start a stopped database; return the operation. Raises ServerTooOld, Refused."""
        return self._act(name_or_id, "start", "instance_start", MARKS_SINCE)

    def rebuild(self, name_or_id: str) -> Operation | None:
        """Replace a replica's data by a copy of its source's; return the operation. Raises ServerTooOld, Refused."""
        return self._act(name_or_id, "rebuild_replica", "replica_rejoin", STANDING_SINCE)

    def roll(self, name_or_id: str, change: str, flavor: str | None = None) -> Operation | None:
        """Change a source and all its replicas, one after another; return the operation.

        The change is `restart`, `resize` to a flavor's id, or `upgrade`. Raises ServerTooOld, Refused.
        """
        self._rest.require(STANDING_SINCE, "instance roll")
        instance_id = self.id_of(name_or_id)
        asked = {change: {"flavorRef": flavor} if flavor else {}}
        self._rest.call("instances.action", {"roll": asked}, instance_id=instance_id)
        return self._operations.newest(instance_id=instance_id, type="group_roll")

    def replication(self, name_or_id: str) -> list[Item]:
        """Return how the instance does in its replication group, then its replicas; nothing if it is in none.

        Each is as Follower in the specification. Raises ServerTooOld, Refused.
        """
        self._rest.require(STANDING_SINCE, "instance replication")
        found = self.find(name_or_id)
        own = found["replication"]
        return [{**own, "id": found["id"]}, *own["followers"]] if own else []

    def set_failover(self, name_or_id: str, values: Item) -> Operation | None:
        """Change fields of the failover policy of the instance's group; return the operation.

        The fields are those of Failover in the specification; the others stay. Raises ServerTooOld, Refused.
        """
        self._rest.require(STANDING_SINCE, "instance failover")
        shown = self.find(name_or_id)
        primary = shown.get("replica_of", shown)["id"]
        self._rest.call("instances.update", {"instance": {"failover": values}}, instance_id=shown["id"])
        return self._operations.newest(instance_id=primary, type="group_policy")

    def protect(self, name_or_id: str, *, protected: bool) -> None:
        """Set the instance's protection against deletion. Raises ServerTooOld, Refused."""
        self._update(name_or_id, {"deletion_protection": protected})

    def tag(self, name_or_id: str, tags: list[str]) -> None:
        """Replace the instance's tags. Raises ServerTooOld, Refused."""
        self._update(name_or_id, {"tags": tags})

    def events(self, name_or_id: str, limit: int | None = None) -> list[Operation]:
        """Return the instance's newest operations, each with its events. Raises ServerTooOld, Refused."""
        listed = self._operations.list(limit, instance_id=self.id_of(name_or_id))
        return [self._operations.show(operation.id) for operation in listed]

    def _act(self, name_or_id: str, action: str, operation: str, since: int) -> Operation | None:
        self._rest.require(since, f"instance {action}")
        instance_id = self.id_of(name_or_id)
        self._rest.call("instances.action", {action: {}}, instance_id=instance_id)
        return self._operations.newest(instance_id=instance_id, type=operation)

    def _update(self, name_or_id: str, values: Item) -> None:
        self._rest.require(MARKS_SINCE, f"instance {next(iter(values))}")
        instance_id = self.id_of(name_or_id)
        self._rest.call("instances.update", {"instance": values}, instance_id=instance_id)
