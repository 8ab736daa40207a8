"""Views: every one fits the reply model generated from the specification, and absent means absent."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from datastores.catalog import catalog
from functions.entrypoint import models
from functions.entrypoint.catalog import Assortment, Offer
from functions.entrypoint.views.backups import backup_view
from functions.entrypoint.views.datastores import Shelf, datastore_view, version_view
from functions.entrypoint.views.instances import Viewer, instance_detail, instance_view
from functions.entrypoint.views.logs import Log, Place, log_view
from functions.entrypoint.views.mgmt_instances import mgmt_instance_view
from functions.entrypoint.views.operations import operation_detail, operation_view
from functions.state.models import Backup, Instance, Operation, OperationStep
from functions.state.version_choices import Choice

NOW = datetime(2026, 11, 22, 10, 4, 22, 999_999)
UUID = "6f1e2a4c-8d70-4e6f-9b65-0f4a3e1cbe11"
PROJECT_URL = "http://db.example:8779/v1.0/p"
CATALOG = Assortment({})
TENANT, ADMIN = Viewer(PROJECT_URL), Viewer(PROJECT_URL, is_admin=True)


def new_offer() -> Offer:
    return CATALOG.offers(catalog().find("postgresql"))[0]


def new_instance(**changes: Any) -> Instance:  # noqa: ANN401 - any column
    columns = {
        "id": UUID,
        "project_id": "p",
        "name": "db",
        "flavor_id": "1",
        "volume_size": 2,
        "region": "RegionOne",
        "access": {"is_public": False},
        "status": "ACTIVE",
        "operating_status": "HEALTHY",
        "fault": None,
        "addresses": [{"address": "10.0.0.5", "type": "private", "network": UUID}],
        "created": NOW,
        "updated": NOW,
    }
    return Instance(**(columns | changes))


def test_an_instance_with_tls_says_by_whom_it_is_known() -> None:
    viewer = Viewer(PROJECT_URL, minor=1, ca_certificate="PEM")
    assert instance_detail(new_instance(), new_offer(), viewer)["tls"] is None
    secured = new_instance(certificate_expires=NOW)
    assert "tls" not in instance_detail(secured, new_offer(), TENANT)
    view = instance_detail(secured, new_offer(), viewer)
    models.InstanceDetail.model_validate(view)
    assert view["tls"] == {"ca_certificate": "PEM", "certificate_expires": "2026-11-22T10:04:22"}


def test_instance_in_a_list() -> None:
    view = instance_view(new_instance(), new_offer(), TENANT)
    models.InstanceItem.model_validate(view)
    assert view["flavor"] == {
        "id": "1",
        "links": [
            {"rel": "self", "href": f"{PROJECT_URL}/flavors/1"},
            {"rel": "bookmark", "href": "http://db.example:8779/flavors/1"},
        ],
    }
    assert (view["ip"], view["volume"]) == (["10.0.0.5"], {"size": 2})


def test_instance_while_it_is_built_has_no_address_and_no_access() -> None:
    view = instance_view(new_instance(status="BUILD", operating_status="", addresses=[]), new_offer(), TENANT)
    models.InstanceItem.model_validate(view)
    assert view["access"] == {}
    assert not {"ip", "addresses", "hostname", "fault", "configuration", "replica_of", "replicas"} & set(view)


def test_instance_detail_has_times_without_zone_or_fraction() -> None:
    instance = new_instance()
    instance.service_status_updated = NOW
    view = instance_detail(instance, new_offer(), TENANT)
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
    view = log_view(Log(**({"rotated": False} | usual | log)), Place(UUID, "postgresql"))
    models.LogItem.model_validate(view)
    assert view["status"] == status
    assert (view["container"] == "None") == (view["prefix"] == "None") == (view["published"] == 0)
    assert view["metafile"] == f"{UUID}/postgresql-general_metafile"


def test_fault_details_and_tenant_are_for_administrators() -> None:
    fault = {"message": "instance_create, step job.poll: no", "created": "2026-11-22T10:04:22", "details": "operation"}
    instance = new_instance(status="ERROR", fault=fault)
    tenants, admins = (instance_detail(instance, new_offer(), viewer) for viewer in (TENANT, ADMIN))
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
    view = backup_view(backup, new_offer())
    models.BackupItem.model_validate(view)
    assert view["size"] == shown


def test_datastores_show_active_versions_only() -> None:
    datastore = catalog().find("postgresql")
    shelf = Shelf(datastore, CATALOG.offers(datastore), CATALOG.default_id(datastore))
    view = datastore_view(shelf, PROJECT_URL, is_admin=False, minor=0)
    shown = models.DatastoreItem.model_validate(view)
    assert [version.name for version in shown.versions] == ["18", "15"]
    assert shown.default_version == shown.versions[0].id
    assert shown.versions[0].datastore is None
    alone = models.DatastoreVersionItem.model_validate(version_view(new_offer(), PROJECT_URL, is_admin=False, minor=0))
    assert (alone.datastore, alone.active) == (datastore.id, None)


def test_administrators_see_which_versions_are_active() -> None:
    datastore = catalog().find("postgresql")
    shelf = Shelf(datastore, CATALOG.every(datastore), CATALOG.default_id(datastore))
    shown = models.DatastoreItem.model_validate(datastore_view(shelf, PROJECT_URL, is_admin=True, minor=0))
    assert {version.name: version.active for version in shown.versions} == {
        "18": True,
        "17": False,
        "16": False,
        "15": True,
    }


def test_what_administrators_chose_goes_before_the_catalog() -> None:
    datastore = catalog().find("postgresql")
    first, second, third = datastore.versions[:3]
    now = Assortment({second.id: Choice(active=True, is_default=True), third.id: Choice(active=False, removed=True)})
    assert [offer.version for offer in now.offers(datastore)][:2] == [first, second]
    assert now.default_id(datastore) == second.id
    assert third not in [offer.version for offer in now.every(datastore)]
    assert Assortment({first.id: Choice(active=False)}).default_id(datastore) is None


def test_marks_show_from_1_1() -> None:
    instance = new_instance(deletion_protection=True, tags=["a"])
    assert not {"tags", "deletion_protection"} & set(instance_detail(instance, new_offer(), TENANT))
    view = instance_detail(instance, new_offer(), Viewer(PROJECT_URL, minor=1))
    shown = models.InstanceDetail.model_validate(view)
    assert (shown.deletion_protection, shown.tags) == (True, ["a"])


def test_instance_as_management_sees_it() -> None:
    instance = new_instance(host_id=UUID, deleted_at=NOW)
    view = mgmt_instance_view(instance, new_offer(), ADMIN, None)
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
        progress={"phase": "install", "bytes": 5},
        error={"step": "job.poll", "message": "no"},
        created=NOW,
        started=NOW,
        deadline=NOW + timedelta(minutes=30),
        steps=[
            OperationStep(
                name="job.poll",
                state="ERROR",
                attempts=2,
                started=NOW,
                ended=NOW,
                error={"type": "StepFailed", "message": "no"},
            )
        ],
    )
    models.OperationItem.model_validate(operation_view(operation))
    shown = models.OperationDetail.model_validate(operation_detail(operation))
    assert shown.progress is not None
    assert (shown.progress.phase, shown.progress.percent) == ("install", None)
    assert (shown.steps[0].attempts, shown.steps[0].error) == (2, "no")
