"""A database with TLS through the API: who may know it, and its certificate in time replaced by another."""

import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests
from sqlalchemy import update

from datastores.protocol.engine import EngineReport
from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from functions.base.clock import now
from functions.framework import token
from functions.state.database import transaction
from functions.state.hosts import certificates
from functions.state.hosts.models import Host
from functions.state.instances import instances
from tests.support.api import LATEST, new_api
from tests.support.records import recorded
from tests.support.releases import Release, releases
from tests.support.tenants import create_body, delete_instance, follow, tenant
from tests.support.tls import shown_by_postgresql, written

VERSIONS = [release for release in releases() if str(release) == "postgresql-15"]
pytestmark = pytest.mark.usefixtures("product_environment")


@dataclass(frozen=True)
class Secured:
    """An instance that serves TLS."""

    id: str
    address: str
    password: str
    root: Path

    def query(self, sql: str, mode: str = "verify-full") -> list[tuple[Any, ...]]:
        """Rows, as a tenant gets them who trusts what the API says."""
        account: dict[str, Any] = {"user": "tester", "password": self.password, "dbname": "app"}
        tls: dict[str, Any] = {"sslmode": mode, "sslrootcert": str(self.root)}
        with closing(psycopg2.connect(host=self.address, **account, **tls)) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows


@pytest.fixture(scope="module")
def owner(cloud: Cloud) -> Tenant:
    return tenant(cloud)


@pytest.fixture(scope="module", params=VERSIONS, ids=str)
def secured(
    request: pytest.FixtureRequest, owner: Tenant, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Secured]:
    """An instance of a version whose build has TLS."""
    release: Release = request.param
    password = secrets.token_hex(16)
    datastore = {"type": "postgresql", "version": release.version.name}
    body = create_body("secured", password, datastore=datastore)
    instance_id = owner.request("POST", "/instances", body)["instance"]["id"]
    follow(owner, "instance_create", instance_id=instance_id)
    shown = owner.request("GET", f"/instances/{instance_id}")["instance"]
    root = written(tmp_path_factory.mktemp("secured") / "ca.pem", shown["tls"]["ca_certificate"])
    yield Secured(instance_id, shown["ip"][0], password, root)
    delete_instance(owner, instance_id)


def test_the_api_says_by_whom_the_database_is_known(cloud: Cloud, secured: Secured) -> None:
    shown = new_api(cloud.session("demo")).get(f"/instances/{secured.id}", headers=LATEST)["instance"]
    certificate = shown_by_postgresql(secured.address)
    assert shown["tls"]["certificate_expires"] == certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%S")
    assert secured.query("SELECT 1") == [(1,)]
    with pytest.raises(psycopg2.OperationalError, match="no encryption"):
        secured.query("SELECT 1", "disable")


def test_a_certificate_that_ends_soon_is_renewed_under_way(cloud: Cloud, owner: Tenant, secured: Secured) -> None:
    before, started = shown_by_postgresql(secured.address), secured.query("SELECT pg_postmaster_start_time()")
    assert renewed(cloud) == {"done": True, "ending": 0, "renewed": 0}
    with transaction() as session:
        soon = now() + timedelta(days=1)
        session.execute(update(Host).where(Host.instance_id == secured.id).values(certificate_expires=soon))
    assert renewed(cloud) == {"done": True, "ending": 1, "renewed": 1}
    after = shown_by_postgresql(secured.address)
    assert after.serial_number != before.serial_number
    assert secured.query("SELECT pg_postmaster_start_time()") == started
    expires = owner.request("GET", f"/instances/{secured.id}")["instance"]["tls"]["certificate_expires"]
    assert datetime.fromisoformat(expires) == after.not_valid_after_utc.replace(tzinfo=None)


def renewed(cloud: Cloud) -> dict[str, Any]:
    """What the step that a cron trigger's workflow calls answers."""
    authorization = f"Bearer {token.issue('sweep', 'sweep', now() + timedelta(minutes=1))}"
    url = f"{cloud.function_urls['certificate']}/certificate.renew"
    reply = requests.post(url, json={}, headers={"Authorization": authorization}, timeout=30).json()
    assert reply["ok"], reply
    result: dict[str, Any] = reply["result"]
    return result


def test_an_operation_knows_better_than_a_renewal() -> None:
    with recorded("certificate-tests", 1) as [instance_id]:
        seen = instances.load(instance_id).host
        assert seen is not None
        certificates.record(seen, EngineReport(tls=True, certificate_expires=now().isoformat()))
        assert instance_id in ending()
        seen.fence -= 1
        certificates.record(seen, EngineReport(tls=False))
        assert instance_id in ending()


def ending() -> set[str]:
    """The instances whose certificate is to be renewed."""
    return {instance.id for instance in certificates.ending(now() + timedelta(days=1))}
