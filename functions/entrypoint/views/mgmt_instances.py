"""Instances as administrators see them."""

from functions.entrypoint.catalog import Offer
from functions.entrypoint.views.common import optional_time
from functions.entrypoint.views.instances import Viewer, instance_detail
from functions.state.models import Instance

NO_TASK = "No tasks for the instance."
"""Trove's words."""


def mgmt_instance_view(instance: Instance, offer: Offer, viewer: Viewer, task: str | None) -> dict[str, object]:
    """An instance with its host and the operation that is under way."""
    return instance_detail(instance, offer, viewer) | {
        "server_id": instance.host_id,
        "server": {
            "id": instance.host_id,
            "name": f"trove-{instance.id}",
            "status": instance.status,
            "tenant_id": instance.project_id,
        },
        "service_status": instance.operating_status,
        "deleted": instance.deleted_at is not None,
        "deleted_at": optional_time(instance.deleted_at),
        "task_description": task or NO_TASK,
    }
