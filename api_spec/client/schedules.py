"""Schedules, by which the service creates backups at the times of a cron pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api_spec.client.rest import Item

if TYPE_CHECKING:
    from api_spec.client.instances import Instances
    from api_spec.client.operations import Operation, Operations
    from api_spec.client.rest import Rest

Schedule = Item
"""A schedule, as ScheduleItem in the specification."""


class Schedules:
    """The project's schedules. Methods take a schedule's name or id."""

    def __init__(self, rest: Rest, instances: Instances, operations: Operations) -> None:
        self._rest = rest
        self._instances = instances
        self._operations = operations

    def list(self, instance: str | None = None, limit: int | None = None, marker: str | None = None) -> list[Schedule]:
        """List the schedules of one instance (name or id) or of all. Raises ServerTooOld, Refused."""
        wanted = self._instances.id_of(instance) if instance else None
        return self._rest.items("schedules.list", "schedules", limit, {"instance_id": wanted, "marker": marker})

    def find(self, name_or_id: str) -> Schedule:
        """Return the schedule of that id, or the only one of that name. Raises Refused if there is none or several."""
        from api_spec.client.find import find_one

        return find_one("schedule", name_or_id, self.list())

    def create(self, instance: str, name: str, pattern: str, **more: Any) -> Schedule:  # noqa: ANN401 - the API's
        """Create a schedule for an instance (name or id); `more` are attributes of NewSchedule in the specification."""
        values = {"instance": self._instances.id_of(instance), "name": name, "pattern": pattern, **more}
        created: Schedule = self._rest.call("schedules.create", {"schedule": values})["schedule"]
        return created

    def set(self, name_or_id: str, **changes: Any) -> Schedule:  # noqa: ANN401 - the API's
        """Change attributes of ScheduleChanges in the specification; None removes a retention rule."""
        schedule_id = self.find(name_or_id)["id"]
        changed: Schedule = self._rest.call("schedules.update", {"schedule": changes}, schedule_id=schedule_id)[
            "schedule"
        ]
        return changed

    def run(self, name_or_id: str) -> Operation | None:
        """Create a backup by a schedule's rules now; return the operation. Raises ServerTooOld, Refused."""
        schedule_id = self.find(name_or_id)["id"]
        made = self._rest.call("schedules.action", {"run": {}}, schedule_id=schedule_id)["backup"]
        return self._operations.newest(backup_id=made["id"], type="backup_create")

    def delete(self, name_or_id: str) -> None:
        """Delete a schedule; keep its backups. Raises Refused if there is none or several of the name."""
        self._rest.call("schedules.delete", schedule_id=self.find(name_or_id)["id"])
