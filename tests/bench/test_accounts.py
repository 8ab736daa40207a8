"""A database and a user, from acceptance until the user can use the database."""

import statistics
import time
from dataclasses import replace

import psycopg2

from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from tests.bench.support import Line, at_most, fact, show, spread
from tests.support.tenants import TestInstance, an_instance, tenant

RUNS = 10
DATABASE_GOAL, USER_GOAL = 0.3, 0.2
LOOK_SECONDS = 0.02
USABLE_SECONDS = 30
PASSWORD = "a-password-of-the-bench"


def test_database_and_user(cloud: Cloud) -> None:
    owner = tenant(cloud)
    with an_instance(owner, "bench-accounts") as instance:
        databases = [create_database(owner, instance, f"db{run}") for run in range(RUNS)]
        users = [create_user(owner, instance, f"user{run}", f"db{run}") for run in range(RUNS)]
    show("accounts", "Create a database, create a user: accepted → usable", table(databases, users))


def create_database(owner: Tenant, instance: TestInstance, name: str) -> float:
    """Seconds until the API lists a new database, which it asks the engine for."""
    owner.request("POST", f"/instances/{instance.id}/databases", {"databases": [{"name": name}]})
    accepted = time.monotonic()
    while name not in {
        item["name"] for item in owner.request("GET", f"/instances/{instance.id}/databases")["databases"]
    }:
        assert time.monotonic() < accepted + USABLE_SECONDS, f"database {name} is not there"
    return time.monotonic() - accepted


def create_user(owner: Tenant, instance: TestInstance, name: str, database: str) -> float:
    """Seconds until a new user has run a statement in its database."""
    user = {"name": name, "password": PASSWORD, "databases": [{"name": database}]}
    owner.request("POST", f"/instances/{instance.id}/users", {"users": [user]})
    accepted = time.monotonic()
    account = replace(instance, user=name, password=PASSWORD, database=database)
    while not can_use(account):
        assert time.monotonic() < accepted + USABLE_SECONDS, f"user {name} cannot log in"
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - accepted


def can_use(account: TestInstance) -> bool:
    """Whether a user can run a statement."""
    try:
        return account.query("SELECT 42") == [(42,)]
    except psycopg2.OperationalError:
        return False


def table(databases: list[float], users: list[float]) -> list[Line]:
    """Goals first."""
    why = "an operation of one call to the host: SSH, the engine's client, and Mistral around it"
    return [
        at_most(
            "database: accepted → listed by the engine, p50", statistics.median(databases), DATABASE_GOAL, "s", why
        ),
        at_most("user: accepted → has run a statement, p50", statistics.median(users), USER_GOAL, "s", why),
        fact("database", spread(databases)),
        fact("user", spread(users)),
    ]
