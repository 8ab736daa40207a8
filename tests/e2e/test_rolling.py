"""Changes of a whole group, member by member, while clients write to it."""

import time
from collections.abc import Iterator

import pytest

from deploy.local.cloud import Cloud
from tests.support.groups import Group, delete_group, new_group
from tests.support.releases import releases
from tests.support.tenants import follow, tenant

CHANGES = {"postgresql-18": "resize", "mariadb-10.11": "restart"}
RELEASES = [release for release in releases() if str(release) in CHANGES]
pytestmark = pytest.mark.usefixtures("product_environment")


@pytest.fixture(scope="module", params=RELEASES, ids=str)
def group(request: pytest.FixtureRequest, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """A source with two replicas."""
    made = new_group(cloud, tenant(cloud), request.param, tmp_path_factory.mktemp("group"), {"automatic": False})
    yield made
    delete_group(made)


def test_each_member_is_changed_and_writes_stop_for_a_promotion_only(
    group: Group, capsys: pytest.CaptureFixture[str]
) -> None:
    change = CHANGES[str(group.primary.release)]
    asked = {"flavorRef": "2"} if change == "resize" else {}
    former, kind = group.primary, f"instance_{change}"
    with group.written() as checker:
        at = time.monotonic()
        group.owner.request("POST", f"{former.path}/action", {"roll": {change: asked}})
        follow(group.owner, "group_roll", instance_id=former.id)
        group.elect()
        group.replicas.append(former)
        checker.go_on()
    group.check(checker)
    assert checker.primaries() == [former.id, group.primary.id]
    for member in group.members:
        listed = group.owner.request("GET", f"/operations?type={kind}&instance_id={member.id}")["operations"]
        assert [operation["state"] for operation in listed] == ["SUCCEEDED"]
        assert change != "resize" or group.shown(member)["flavor"]["id"] == "2"
    with capsys.disabled():
        print(f"\n  {group.primary.release}, {change}: {checker.gap(at):.1f} s without a write through the endpoint")
