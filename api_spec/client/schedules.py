"""Schedules: backups at the times of a cron pattern, kept by the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api_spec.client.instances import Instances
    from api_spec.client.operations import Operation, Operations
    from api_spec.client.rest import Rest

Schedule = dict[str, Any]
"""A schedule as the specification's ScheduleItem shows it."""


class Schedules:
    """The project's schedules."""

    def __init__(self, rest: Rest, instances: Instances, operations: Operations) -> None:
        self._rest = rest
        self._instances = instances
        self._operations = operations

    def list(self, instance: str | None = None, limit: int | None = None, marker: str | None = None) -> list[Schedule]:
        """Schedules, of one instance (name or id) or of all. Raises ServerTooOld, Refused."""
        wanted = self._instances.id_of(instance) if instance else None
        return self._rest.items("schedules.list", "schedules", limit, {"instance_id": wanted, "marker": marker})

    def find(self, name_or_id: str) -> Schedule:
        """The schedule of that id, or the only one of that name. Raises Refused: there is none, or several."""
        from api_spec.client.find import only

        return only("schedule", name_or_id, self.list())

    def create(self, instance: str, name: str, pattern: str, **more: Any) -> Schedule:  # noqa: ANN401 - the API's
        """Make a schedule for an instance (name or id); `more` are attributes of the specification's NewSchedule."""
        values = {"instance": self._instances.id_of(instance), "name": name, "pattern": pattern, **more}
        created: Schedule = self._rest.call("schedules.create", {"schedule": values})["schedule"]
        return created

    def set(self, name_or_id: str, **changes: Any) -> Schedule:  # noqa: ANN401 - the API's
        """Change attributes of the specification's ScheduleChanges; None ends a rule of retention."""
        schedule_id = self.find(name_or_id)["id"]
        changed: Schedule = self._rest.call("schedules.update", {"schedule": changes}, schedule_id=schedule_id)[
            "schedule"
        ]
        return changed

    def run(self, name_or_id: str) -> Operation | None:
        """Have a backup made by a schedule's rules now; the operation that does it. Raises ServerTooOld, Refused."""
        schedule_id = self.find(name_or_id)["id"]
        made = self._rest.call("schedules.action", {"run": {}}, schedule_id=schedule_id)["backup"]
        return self._operations.newest(backup_id=made["id"], type="backup_create")

    def delete(self, name_or_id: str) -> None:
        """Delete a schedule; its backups stay. Raises Refused: there is none, or several of the name."""
        self._rest.call("schedules.delete", schedule_id=self.find(name_or_id)["id"])
