"""Datastore versions, as administrators manage them with the real `openstack` client."""

import pytest

from deploy.local.cloud import Cloud
from tests.support.openstack import OpenStack

V18, V17 = (f"5b0e6c58-52a1-4b39-8d35-3c1f0b6f4a{number}" for number in (18, 17))


@pytest.fixture
def admin(cloud: Cloud) -> OpenStack:
    return OpenStack(cloud, "admin")


def names(client: OpenStack) -> list[str]:
    """The names of the versions that somebody is shown."""
    return [row["Name"] for row in client.json("datastore version list postgresql")]


def test_a_version_is_hidden_shown_deleted_and_brought_back(cloud: Cloud, admin: OpenStack) -> None:
    demo = OpenStack(cloud)
    assert "18" in names(demo)
    assert "17" not in names(demo)
    admin.says(f"datastore version set {V18} --disable")
    assert "18" not in names(demo)
    admin.says(f"datastore version set {V18} --enable")
    assert "18" in names(demo)
    assert "is not available" in admin.refusal(f"datastore version set {V17} --enable")
    admin.says(f"datastore version delete {V17}")
    assert "17" not in names(admin)
    admin.says("datastore version create 17 postgresql postgresql", "")
    assert "17" in names(admin)
    assert "administrators" in demo.refusal(f"datastore version set {V18} --disable")
