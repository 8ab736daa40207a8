"""Views: every one fits the reply model generated from the specification, and absent means absent."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm.attributes import set_committed_value

from datastores.catalog import catalog
from datastores.protocol.requests import JobProgress
from functions.entrypoint import models
from functions.entrypoint.version_catalog import CatalogEntry, VersionCatalog
from functions.entrypoint.views.backups import backup_view
from functions.entrypoint.views.connections import GroupAddresses
from functions.entrypoint.views.datastores import DatastoreListing, datastore_view, version_view
from functions.entrypoint.views.instances import Replication, ViewContext, instance_detail, instance_view
from functions.entrypoint.views.logs import Log, LogOwner, log_view
from functions.entrypoint.views.mgmt_instances import mgmt_instance_view
from functions.entrypoint.views.operations import operation_detail, operation_view
from functions.state.backups.models import Backup
from functions.state.endpoints.models import Endpoint
from functions.state.groups.standing import Standing, State
from functions.state.hosts.models import Address, Host
from functions.state.instances.models import Fault, Instance
from functions.state.instances.spec import Access
from functions.state.operations.models import Operation, OperationError, OperationTask, TaskError
from functions.state.version_choices.version_choices import Choice

NOW = datetime(2026, 11, 22, 10, 4, 22, 999_999)
UUID = "6f1e2a4c-8d70-4e6f-9b65-0f4a3e1cbe11"
PROJECT_URL = "http://db.example:8779/v1.0/p"
CATALOG = VersionCatalog({})
TENANT, ADMIN = ViewContext(PROJECT_URL), ViewContext(PROJECT_URL, is_admin=True)


def new_entry() -> CatalogEntry:
    return CATALOG.active_entries(catalog().find("postgresql"))[0]


def new_instance(host: dict[str, Any] | None = None, **changes: Any) -> Instance:  # noqa: ANN401 - any column
    columns = {
        "id": UUID,
        "project_id": "p",
        "name": "db",
        "flavor_id": "1",
        "volume_size": 2,
        "region": "RegionOne",
        "access": Access(is_public=False),
        "status": "ACTIVE",
        "operating_status": "HEALTHY",
        "fault": None,
        "created": NOW,
        "updated": NOW,
    }
    instance = Instance(**(columns | changes))
    address = Address(address="10.0.0.5", type="private", network=UUID)
    set_committed_value(instance, "host", Host(id=UUID, addresses=[address], **(host or {})))
    return instance


def test_an_instance_with_tls_says_by_whom_it_is_known() -> None:
    context = ViewContext(PROJECT_URL, minor=1, ca_certificate="PEM")
    assert instance_detail(new_instance(), new_entry(), context)["tls"] is None
    secured = new_instance({"certificate_expires": NOW})
    assert "tls" not in instance_detail(secured, new_entry(), TENANT)
    view = instance_detail(secured, new_entry(), context)
    models.InstanceDetail.model_validate(view)
    assert view["tls"] == {"ca_certificate": "PEM", "certificate_expires": "2026-11-22T10:04:22"}


def test_instance_in_a_list() -> None:
    view = instance_view(new_instance(), new_entry(), TENANT)
    models.InstanceItem.model_validate(view)
    assert view["flavor"] == {
        "id": "1",
        "links": [
            {"rel": "self", "href": f"{PROJECT_URL}/flavors/1"},
            {"rel": "bookmark", "href": "http://db.example:8779/flavors/1"},
        ],
    }
    assert (view["ip"], view["volume"]) == (["10.0.0.5"], {"size": 2})


FAILOVER = {
    "automatic": False,
    "mode": "asynchronous",
    "quorum": 1,
    "below_quorum": "wait",
    "alone_since": None,
    "max_lag_bytes": None,
    "guarantee": "None.",
}


def test_how_a_member_does_is_shown_from_1_2_on() -> None:
    follower = Standing("replica", State.FOLLOWING, 0.5, 10, "async", NOW, None, NOW)
    source = Replication(Standing("primary", State.SERVING, observed=NOW), FAILOVER, replicas={UUID: follower})
    old = ViewContext(PROJECT_URL, minor=1, replication={UUID: source})
    assert "replication" not in instance_view(new_instance(), new_entry(), old)
    assert instance_view(new_instance(), new_entry(), ViewContext(PROJECT_URL, minor=2))["replication"] is None
    shown = instance_view(new_instance(), new_entry(), ViewContext(PROJECT_URL, minor=2, replication={UUID: source}))
    item = models.InstanceItem.model_validate(shown)
    assert item.replication is not None
    assert (item.replication.state, item.replication.lag_bytes) == ("serving", None)
    [seen] = item.replication.followers
    assert (seen.id, seen.state, seen.lag_seconds, seen.last_contact) == (UUID, "following", 0.5, "2026-11-22T10:04:22")
    replica = Replication(Standing("replica"), FAILOVER, replica_of=UUID)
    shown = instance_detail(new_instance(), new_entry(), ViewContext(PROJECT_URL, minor=2, replication={UUID: replica}))
    unseen = models.InstanceDetail.model_validate(shown).replication
    assert unseen is not None
    assert (unseen.state, unseen.observed, unseen.followers) == (None, None, [])


def test_instance_while_it_is_built_has_no_address_and_no_access() -> None:
    instance = new_instance(status="BUILD", operating_status="")
    set_committed_value(instance, "host", None)
    view = instance_view(instance, new_entry(), TENANT)
    models.InstanceItem.model_validate(view)
    assert view["access"] == {}
    assert not {"ip", "addresses", "hostname", "fault", "configuration", "replica_of", "replicas"} & set(view)


def test_instance_detail_has_times_without_zone_or_fraction() -> None:
    instance = new_instance()
    instance.service_status_updated = NOW
    view = instance_detail(instance, new_entry(), TENANT)
    models.InstanceDetail.model_validate(view)
    assert view["created"] == view["updated"] == view["service_status_updated"] == "2026-11-22T10:04:22"
    assert "fault" not in view
    assert "tenant_id" not in view


def test_the_time_of_a_status_is_when_it_became_another_one() -> None:
    instance = new_instance(operating_status="")
    assert instance.service_status_updated is None
    instance.operating_status = "HEALTHY"
    became = instance.service_status_updated
    instance.operating_status = "HEALTHY"
    assert instance.service_status_updated is became is not None
    instance.operating_status = "ERROR"
    assert instance.service_status_updated > became


@pytest.mark.parametrize(
    ("log", "status"),
    [
        ({"enabled": False, "pending_bytes": 5}, "Disabled"),
        ({}, "Enabled"),
        ({"pending_bytes": 5}, "Ready"),
        ({"published_bytes": 5, "pending_bytes": 5}, "Partial"),
        ({"published_bytes": 5}, "Published"),
        ({"published_bytes": 5, "rotated": True}, "Rotated"),
    ],
)
def test_status_of_a_log(log: dict[str, Any], status: str) -> None:
    usual = {"name": "general", "type": "USER", "enabled": True, "published_bytes": 0, "pending_bytes": 0}
    view = log_view(Log(**({"rotated": False} | usual | log)), LogOwner(UUID, "postgresql"))
    models.LogItem.model_validate(view)
    assert view["status"] == status
    assert (view["container"] == "None") == (view["prefix"] == "None") == (view["published"] == 0)
    assert view["metafile"] == f"{UUID}/postgresql-general_metafile"


def test_fault_details_and_tenant_are_for_administrators() -> None:
    fault = {"message": "instance_create, step job.poll: no", "created": "2026-11-22T10:04:22", "details": "operation"}
    instance = new_instance(status="ERROR", fault=Fault(**fault))
    tenants, admins = (instance_detail(instance, new_entry(), context) for context in (TENANT, ADMIN))
    models.InstanceDetail.model_validate(tenants)
    models.InstanceDetail.model_validate(admins)
    assert tenants["fault"] == fault | {"details": None}
    assert (admins["fault"], admins["tenant_id"]) == (fault, "p")


@pytest.mark.parametrize(("stored", "shown"), [(None, None), (0, 0.0), (2**30, 1.0), (40_000_000, 0.037)])
def test_backup_size_is_in_gigabytes(stored: int | None, shown: float | None) -> None:
    backup = Backup(
        id=UUID,
        project_id="p",
        instance_id=UUID,
        name="b",
        status="COMPLETED",
        size_bytes=stored,
        created=NOW,
        updated=NOW,
    )
    view = backup_view(backup, new_entry())
    models.BackupItem.model_validate(view)
    assert view["size"] == shown


def test_datastores_show_active_versions_only() -> None:
    datastore = catalog().find("postgresql")
    listing = DatastoreListing(datastore, CATALOG.active_entries(datastore), CATALOG.default_id(datastore))
    view = datastore_view(listing, PROJECT_URL, is_admin=False, minor=0)
    shown = models.DatastoreItem.model_validate(view)
    assert [version.name for version in shown.versions] == ["18", "15"]
    assert shown.default_version == shown.versions[0].id
    assert shown.versions[0].datastore is None
    alone = models.DatastoreVersionItem.model_validate(version_view(new_entry(), PROJECT_URL, is_admin=False, minor=0))
    assert (alone.datastore, alone.active) == (datastore.id, None)


def test_administrators_see_which_versions_are_active() -> None:
    datastore = catalog().find("postgresql")
    listing = DatastoreListing(datastore, CATALOG.all_entries(datastore), CATALOG.default_id(datastore))
    shown = models.DatastoreItem.model_validate(datastore_view(listing, PROJECT_URL, is_admin=True, minor=0))
    assert {version.name: version.active for version in shown.versions} == {
        "18": True,
        "17": False,
        "16": False,
        "15": True,
    }


def test_what_administrators_chose_goes_before_the_catalog() -> None:
    datastore = catalog().find("postgresql")
    first, second, third = datastore.versions[:3]
    now = VersionCatalog(
        {second.id: Choice(active=True, is_default=True), third.id: Choice(active=False, removed=True)}
    )
    assert [entry.version for entry in now.active_entries(datastore)][:2] == [first, second]
    assert now.default_id(datastore) == second.id
    assert third not in [entry.version for entry in now.all_entries(datastore)]
    assert VersionCatalog({first.id: Choice(active=False)}).default_id(datastore) is None


def test_marks_show_from_1_1() -> None:
    instance = new_instance(deletion_protection=True, tags=["a"])
    assert not {"tags", "deletion_protection"} & set(instance_detail(instance, new_entry(), TENANT))
    view = instance_detail(instance, new_entry(), ViewContext(PROJECT_URL, minor=1))
    shown = models.InstanceDetail.model_validate(view)
    assert (shown.deletion_protection, shown.tags) == (True, ["a"])


def test_endpoints_and_connection_strings_show_from_1_2() -> None:
    instance = new_instance(group_id=UUID)
    endpoint = Endpoint(group_id=UUID, kind="primary", addresses=[Address(address="10.0.0.9", type="private")])
    reached = {UUID: GroupAddresses((endpoint,), ("10.0.0.1", "2001:db8::1"))}
    assert "endpoints" not in instance_detail(instance, new_entry(), ViewContext(PROJECT_URL, minor=1, groups=reached))
    view = instance_detail(instance, new_entry(), ViewContext(PROJECT_URL, minor=2, groups=reached))
    models.InstanceDetail.model_validate(view)
    assert view["endpoints"] == [
        {"kind": "primary", "addresses": [{"address": "10.0.0.9", "type": "private"}], "port": 5432}
    ]
    strings = view["connection_strings"]
    assert isinstance(strings, list)
    assert {(each["to"], each["form"]): each["text"] for each in strings} == {
        ("instance", "uri"): "postgresql://10.0.0.5:5432/",
        ("instance", "jdbc"): "jdbc:postgresql://10.0.0.5:5432/",
        ("primary", "uri"): "postgresql://10.0.0.9:5432/",
        ("primary", "jdbc"): "jdbc:postgresql://10.0.0.9:5432/",
        ("members", "uri"): "postgresql://10.0.0.1:5432,[2001:db8::1]:5432/?target_session_attrs=read-write",
        ("members", "jdbc"): "jdbc:postgresql://10.0.0.1:5432,[2001:db8::1]:5432/?targetServerType=primary",
    }


def test_connection_strings_verify_the_server_where_there_is_tls() -> None:
    strings = catalog().find("postgresql").connection_strings
    text = strings["uri"].text(["10.0.0.1", "10.0.0.2"], 5432, tls=True)
    assert text == "postgresql://10.0.0.1:5432,10.0.0.2:5432/?sslmode=verify-full&target_session_attrs=read-write"
    redis = catalog().find("redis").connection_strings["uri"]
    assert redis.text(["10.0.0.1"], 6379, tls=True) == "rediss://10.0.0.1:6379"
    assert redis.text(["10.0.0.1", "10.0.0.2"], 6379, tls=True) is None, "its clients find no writer among several"


def test_instance_as_management_sees_it() -> None:
    instance = new_instance(deleted_at=NOW)
    view = mgmt_instance_view(instance, new_entry(), ADMIN, UUID, None)
    shown = models.MgmtInstance.model_validate(view)
    assert (shown.deleted, shown.tenant_id, shown.task_description) == (True, "p", "No tasks for the instance.")


def test_operation_with_its_timeline() -> None:
    operation = Operation(
        id=UUID,
        project_id="p",
        user_id="u",
        request_id="req-1",
        type="instance_create",
        state="RUNNING",
        instance_id=UUID,
        progress=JobProgress("install", 5),
        error=OperationError(step="job.run", message="no"),
        created=NOW,
        started=NOW,
        deadline=NOW + timedelta(minutes=30),
        tasks=[
            OperationTask(
                task="run_create",
                step="job.run",
                state="ERROR",
                attempts=2,
                started=NOW,
                ended=NOW,
                error=TaskError(type="StepFailed", message="no"),
            )
        ],
    )
    models.OperationItem.model_validate(operation_view(operation))
    shown = models.OperationDetail.model_validate(operation_detail(operation))
    assert shown.progress is not None
    assert (shown.progress.phase, shown.progress.percent) == ("install", None)
    assert (shown.steps[0].attempts, shown.steps[0].error) == (2, "no")
