"""The client, which has a member for each kind of resource, and `connect`, which creates it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api_spec.client.instances import Instances
from api_spec.client.operations import Operations
from api_spec.client.rest import SERVICE, Rest
from api_spec.client.schedules import Schedules

if TYPE_CHECKING:
    from keystoneauth1.session import Session


class Client:
    """A client of the database API for one project."""

    def __init__(self, session: Session, region_name: str | None = None, interface: list[str] | str = "public") -> None:
        from keystoneauth1.adapter import Adapter

        rest = Rest(Adapter(session, service_type=SERVICE, interface=interface, region_name=region_name))
        self.operations = Operations(rest)
        self.instances = Instances(rest, self.operations)
        self.schedules = Schedules(rest, self.instances, self.operations)


def connect(cloud: str | None = None) -> Client:
    """Log in with a cloud of clouds.yaml, or with OS_* variables, and return a client.

    Raises:
        openstack.exceptions.ConfigException: there is no such cloud.
    """
    from openstack.config import OpenStackConfig

    region = OpenStackConfig().get_one(cloud=cloud)
    return Client(region.get_session(), region.get_region_name(), region.get_interface(SERVICE) or "public")
