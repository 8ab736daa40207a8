"""A backup that was made elsewhere: its objects in the tenant's own account, brought in by the command."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from swiftclient import Connection

from datastores.catalog import catalog
from deploy.local.cloud import Cloud
from deploy.local.demo.client import DemoError, Tenant
from functions.cloud import swift
from tests.support.api import Api, fault, new_api
from tests.support.openstack import OpenStack
from tests.support.tenants import TestInstance, an_instance, create_body, delete_instance, follow, project_id, tenant
from tests.support.traces import traces

pytestmark = pytest.mark.usefixtures("product_environment")
VERSION_ID = catalog().version("postgresql", None).id
CONTAINER = "from another region"
PASSWORD = "a password of its own"


@dataclass(frozen=True)
class Elsewhere:
    """A full backup's objects as somebody copied them into a container of the tenant's."""

    account: Connection
    url: str
    objects: dict[str, bytes]

    def put(self, prefix: str, **changed: bytes) -> str:
        """The objects below a prefix, some of them changed; the location to name."""
        for name, content in (self.objects | changed).items():
            self.account.put_object(CONTAINER, prefix + name, content)
        return f"{self.url}/{CONTAINER}/{prefix}data"

    def index(self, change: Callable[[dict[str, Any]], object]) -> bytes:
        """The list of segments with something in it changed."""
        index = json.loads(self.objects["segments.json"])
        change(index)
        return json.dumps(index).encode()


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    return tenant(cloud)


@pytest.fixture
def api(cloud: Cloud) -> Api:
    return new_api(cloud.session("demo"))


@pytest.fixture(scope="module")
def elsewhere(cloud: Cloud, owner: Tenant) -> Iterator[Elsewhere]:
    """Made here, copied to the tenant's account, deleted here."""
    with an_instance(owner, "source") as source:
        source.query("CREATE TABLE rows AS SELECT generate_series(1, 1000) AS n")
        asked = {"backup": {"name": "original", "instance": source.id}}
        backup_id = owner.request("POST", "/backups", asked)["backup"]["id"]
        follow(owner, "backup_create", backup_id=backup_id)
    container = f"trove_backups_{project_id(cloud)}"
    with swift.connected() as service:
        names = [stored.name for stored in swift.list_objects(container, f"{backup_id}/")]
        contents = {name: service.get_object(container, name)[1] for name in names}
    owner.request("DELETE", f"/backups/{backup_id}")
    follow(owner, "backup_delete", backup_id=backup_id)
    account = Connection(session=cloud.session("demo"))
    account.put_container(CONTAINER)
    objects = {name.removeprefix(f"{backup_id}/"): content for name, content in contents.items()}
    yield Elsewhere(account, account.get_auth()[0], objects)
    for stored in account.get_container(CONTAINER)[1]:
        account.delete_object(CONTAINER, stored["name"])
    account.delete_container(CONTAINER)


def restore_from(location: str, **more: object) -> dict[str, Any]:
    source = {"remote_location": location, "local_datastore_version_id": VERSION_ID, "size": 1}
    return {"backup": {"name": "brought", "restore_from": source | more}}


def test_it_is_brought_in_restored_and_deleted(cloud: Cloud, owner: Tenant, elsewhere: Elsewhere) -> None:
    before = traces(cloud, project_id(cloud))
    demo, location = OpenStack(cloud), elsewhere.put("some/folder/").replace(" ", "%20")
    options = f"--restore-from {location} --restore-datastore-version {VERSION_ID} --restore-size 1"
    made = demo.json(f"database backup create brought {options}")
    assert (made["status"], made["instance_id"]) == ("NEW", None)
    follow(owner, "backup_import", backup_id=made["id"])
    assert demo.json(f"database backup show {made['id']}")["status"] == "RESTORED"
    again = create_body("again", PASSWORD, restorePoint={"backupRef": made["id"]})
    instance_id = owner.request("POST", "/instances", again)["instance"]["id"]
    follow(owner, "instance_restore", instance_id=instance_id)
    address = owner.request("GET", f"/instances/{instance_id}")["instance"]["ip"][0]
    query = TestInstance(instance_id, address, PASSWORD).query
    assert query("SELECT count(*), sum(n) FROM rows") == [(1000, 500500)]
    delete_instance(owner, instance_id)
    demo.says(f"database backup delete {made['id']}")
    follow(owner, "backup_delete", backup_id=made["id"])
    assert traces(cloud, project_id(cloud)) == before


def test_what_is_not_the_projects_is_not_looked_at(cloud: Cloud, api: Api, elsewhere: Elsewhere) -> None:
    good = elsewhere.put("good/")
    others, service = project_id(cloud, "other"), project_id(cloud, "trove")
    account = f"AUTH_{api.project_id}"
    for location in (
        good.replace(account, f"AUTH_{others}"),
        good.replace(account, f"AUTH_{service}"),
        good.replace(f"{account}/{CONTAINER}", f"AUTH_{service}/trove_backups_{others}"),
        good.replace(f"/{CONTAINER}/", f"/../AUTH_{others}/{CONTAINER}/"),
        good.replace(f"/{CONTAINER}/", f"/%2e%2e/AUTH_{others}/{CONTAINER}/"),
        good.replace("/good/", "/%2f/good/"),
        good.removesuffix("/data"),
        f"file:///{CONTAINER}/good/data",
        "",
    ):
        reply = api.call("POST", "/backups", json=restore_from(location))
        assert fault(reply)[0] == 400, location
        assert "Swift account of this project" in fault(reply)[2]


def test_what_is_no_full_backup_is_told(api: Api, elsewhere: Elsewhere) -> None:
    def path(index: dict[str, Any]) -> None:
        index["segments"][0]["path"] = "../../secret"

    def long(index: dict[str, Any]) -> None:
        index["segments"][0]["path"] = "segments/000000000001"

    wrong = {
        "no json": (b"{", 400, "not the description of a backup: it is not JSON"),
        "climbing": (elsewhere.index(path), 400, "neither 'state' nor a segment's path"),
        "incremental": (elsewhere.index(lambda index: index.update(parent="x")), 400, "incremental"),
        "another release": (elsewhere.index(lambda index: index.update(engine_version="12.3")), 400, "is of 12.3"),
        "nothing in it": (elsewhere.index(lambda index: index.update(segments=[])), 400, "not numbered from 1"),
        "long numbers": (elsewhere.index(long), 400, "neither 'state' nor a segment's path"),
        "too much": (elsewhere.index(lambda index: index.update(bytes_stored=1)), 400, "is not the sum"),
        "unknown": (elsewhere.index(lambda index: index.update(more=1)), 400, "more is not known"),
    }
    for name, (index, status, words) in wrong.items():
        location = elsewhere.put(f"wrong {name}/", **{"segments.json": index})
        code, _name, message = fault(api.call("POST", "/backups", json=restore_from(location)))
        assert (code, words in message) == (status, True), f"{name}: {message}"
    missing = restore_from(f"{elsewhere.url}/{CONTAINER}/nowhere/data")
    assert fault(api.call("POST", "/backups", json=missing))[0] == 404
    strange = restore_from(elsewhere.put("good/"), local_datastore_version_id="6f1e2a4c-8d70-4e6f-9b65-0f4a3e1cbe11")
    assert fault(api.call("POST", "/backups", json=strange))[0] == 400
    both = restore_from(elsewhere.put("good/"))
    both["backup"]["incremental"] = 1
    assert "excludes" in fault(api.call("POST", "/backups", json=both))[2]


def test_damaged_segments_and_manifests_are_found_and_nothing_is_left(
    cloud: Cloud, owner: Tenant, elsewhere: Elsewhere
) -> None:
    before = traces(cloud, project_id(cloud))
    [first, *_] = sorted(name for name in elsewhere.objects if name.startswith("segments/"))
    damaged = elsewhere.put("damaged/", **{first: elsewhere.objects[first][:-1] + b"?"})
    pointing, _whole = elsewhere.put("pointing/"), elsewhere.put("good/")
    whole = elsewhere.account.head_object(CONTAINER, f"good/{first}")
    manifest = [{"path": f"/{CONTAINER}/good/{first}", "etag": whole["etag"]}]
    elsewhere.account.put_object(
        CONTAINER, f"pointing/{first}", json.dumps(manifest), query_string="multipart-manifest=put"
    )
    for location in (damaged, pointing):
        made = owner.request("POST", "/backups", restore_from(location))["backup"]
        with pytest.raises(DemoError, match="is not what the backup's list says"):
            follow(owner, "backup_import", backup_id=made["id"])
        assert owner.request("GET", f"/backups/{made['id']}")["backup"]["status"] == "FAILED"
        owner.request("DELETE", f"/backups/{made['id']}")
        follow(owner, "backup_delete", backup_id=made["id"])
    assert traces(cloud, project_id(cloud)) == before
