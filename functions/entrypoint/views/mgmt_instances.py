"""JSON objects of instances for administrators."""

from functions.entrypoint.version_catalog import CatalogEntry
from functions.entrypoint.views.common import optional_time
from functions.entrypoint.views.instances import ViewContext, instance_detail
from functions.state.instances.models import Instance

NO_TASK = "No tasks for the instance."
"""Trove's text for an instance without an active operation."""


def mgmt_instance_view(
    instance: Instance, entry: CatalogEntry, context: ViewContext, host_id: str, task: str | None
) -> dict[str, object]:
    """Return an instance with its serving host, or else its last one, and the type of its active operation."""
    return instance_detail(instance, entry, context) | {
        "server_id": host_id,
        "server": {
            "id": host_id,
            "name": f"trove-{instance.id}",
            "status": instance.status,
            "tenant_id": instance.project_id,
        },
        "service_status": instance.operating_status,
        "deleted": instance.deleted_at is not None,
        "deleted_at": optional_time(instance.deleted_at),
        "task_description": task or NO_TASK,
    }
