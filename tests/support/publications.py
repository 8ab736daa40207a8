"""Published logs as Swift has them. Needs the fixture `product_environment`."""

from functions.cloud import swift
from functions.storage.log_container import CONTAINER


def stored(project_id: str, instance_id: str, log: str) -> bytes:
    """The content of a log's objects, in the order of their names."""
    objects = swift.list_objects(CONTAINER, f"{instance_id}/{log}/", project_id)
    with swift.connected(project_id) as connection:
        bodies = [connection.get_object(CONTAINER, listed.name)[1] for listed in objects]
    return b"".join(bodies)
