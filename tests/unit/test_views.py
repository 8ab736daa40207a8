"""Views: every one fits the reply model generated from the specification, and absent means absent."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from datastores.catalog import catalog
from functions.entrypoint import models
from functions.entrypoint.catalog import Offer, offers
from functions.entrypoint.views.backups import backup_view
from functions.entrypoint.views.datastores import datastore_view, version_view
from functions.entrypoint.views.instances import Viewer, instance_detail, instance_view
from functions.entrypoint.views.operations import operation_detail, operation_view
from functions.state.models import Backup, Instance, Operation, OperationStep

NOW = datetime(2026, 11, 22, 10, 4, 22, 999_999)
UUID = "6f1e2a4c-8d70-4e6f-9b65-0f4a3e1cbe11"
PROJECT_URL = "http://db.example:8779/v1.0/p"
TENANT, ADMIN = Viewer(PROJECT_URL), Viewer(PROJECT_URL, is_admin=True)


def new_offer() -> Offer:
    return offers(catalog().find("postgresql"))[0]


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
    view = instance_detail(new_instance(), new_offer(), TENANT)
    models.InstanceDetail.model_validate(view)
    assert view["created"] == view["updated"] == view["service_status_updated"] == "2026-11-22T10:04:22"
    assert "fault" not in view
    assert "tenant_id" not in view


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
    view = datastore_view(datastore, offers(datastore), PROJECT_URL)
    shown = models.DatastoreItem.model_validate(view)
    assert [version.name for version in shown.versions] == ["18"]
    assert shown.default_version == shown.versions[0].id
    assert shown.versions[0].datastore is None
    assert models.DatastoreVersionItem.model_validate(version_view(new_offer(), PROJECT_URL)).datastore == datastore.id


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
