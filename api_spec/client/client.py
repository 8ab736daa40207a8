"""The client's entry: `connect`, and the resources by noun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api_spec.client.instances import Instances
from api_spec.client.operations import Operations
from api_spec.client.rest import SERVICE, Rest
from api_spec.client.schedules import Schedules

if TYPE_CHECKING:
    from keystoneauth1.session import Session


class Client:
    """The database API as one project sees it."""

    def __init__(self, session: Session, region_name: str | None = None, interface: list[str] | str = "public") -> None:
        from keystoneauth1.adapter import Adapter

        rest = Rest(Adapter(session, service_type=SERVICE, interface=interface, region_name=region_name))
        self.operations = Operations(rest)
        self.instances = Instances(rest, self.operations)
        self.schedules = Schedules(rest, self.instances, self.operations)


def connect(cloud: str | None = None) -> Client:
    """Log in as clouds.yaml (or OS_* variables) says; `cloud` names one of its clouds.

    Raises:
        openstack.exceptions.ConfigException: there is no such cloud.
    """
    from openstack.config import OpenStackConfig

    region = OpenStackConfig().get_one(cloud=cloud)
    return Client(region.get_session(), region.get_region_name(), region.get_interface(SERVICE) or "public")
