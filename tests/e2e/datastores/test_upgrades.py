"""Every datastore version that takes over another's data, where this machine runs both, through the API."""

import secrets
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.cloud import Cloud
from tests.e2e.datastores.test_conformance import create
from tests.support.api import fault, new_api
from tests.support.releases import Release, releases
from tests.support.takeover import OLD, require_takeover
from tests.support.tenants import delete_instance, follow, tenant

NUMBERS = range(500)
RELEASES = releases()
PAIRS = [
    (old, new)
    for new in RELEASES
    for old in RELEASES
    if old.datastore == new.datastore and old.version.name in new.version.upgrades_from
]

pytestmark = pytest.mark.usefixtures("product_environment")


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=[f"{old} to {new.version.name}" for old, new in PAIRS])
def test_an_upgrade_keeps_what_was_written(cloud: Cloud, tmp_path: Path, old: Release, new: Release) -> None:
    if str(old) == f"postgresql-{OLD}":
        require_takeover()
    owner = tenant(cloud)
    instance = create(owner, old, secrets.token_hex(16), tmp_path)
    path = f"/instances/{instance.id}"
    with instance.connect() as session:
        session.write(NUMBERS)
    owner.request("PUT", path, {"instance": {"datastore_version": new.version.name}})
    follow(owner, "instance_upgrade", instance_id=instance.id)
    shown = owner.request("GET", path)["instance"]
    assert (shown["datastore"]["version"], shown["status"]) == (new.version.name, "ACTIVE")
    server = replace(instance.server, authority=instance.server.authority if shown["tls"] else None)
    assert replace(instance, release=new, server=server).read() == (set(NUMBERS) if new.conformance.durable else set())
    back = {"instance": {"datastore_version": old.version.name}}
    code, _name, message = fault(new_api(cloud.session("demo")).call("PUT", path, json=back))
    assert (code, "takes over the data of" in message) == (400, True)
    delete_instance(owner, instance.id)
