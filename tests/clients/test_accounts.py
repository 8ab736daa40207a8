"""Databases, users, access and root as clients use them: each `openstack` command once, troveclient, openstacksdk."""

import uuid
from collections.abc import Iterator

import pytest
from troveclient import exceptions
from troveclient.client import Client

from deploy.local.cloud import Cloud
from tests.clients.test_openstacksdk import connect
from tests.support.openstack import OpenStack
from tests.support.tenants import TestInstance, an_instance, tenant

NAME = f"accounts-{uuid.uuid4().hex[:8]}"
"""Names have to be this run's own: the command finds things by them."""

COMMANDS = [
    ("db create", ["shop", "--character_set", "UTF8"], None),
    ("db create", ["attic"], None),
    ("db list", [], [{"Name": "app"}, {"Name": "attic"}, {"Name": "shop"}]),
    ("db delete", ["attic"], None),
    ("user create", ["an.na@x", "p'w", "--databases", "shop", "app"], None),
    ("user list", [], [
        {"Name": "an.na@x", "Host": "%", "Databases": "app, shop"},
        {"Name": "tester", "Host": "%", "Databases": "app"},
    ]),
    ("user show", ["an.na@x"], {"name": "an.na@x", "host": "%", "databases": [{"name": "app"}, {"name": "shop"}]}),
    ("user revoke access", ["an.na@x", "shop"], None),
    ("user show access", ["an.na@x", "--host", "%"], [{"Name": "app"}]),
    ("user grant access", ["an.na@x", "shop", "app"], None),
    ("user show access", ["an.na@x"], [{"Name": "app"}, {"Name": "shop"}]),
    ("user update attributes", ["an.na@x", "--new_name", "bert", "--new_password", "other"], None),
    ("user show access", ["bert"], [{"Name": "app"}, {"Name": "shop"}]),
    ("user delete", ["bert", "--host", "%"], None),
    ("user list", [], [{"Name": "tester", "Host": "%", "Databases": "app"}]),
    ("root show", [], {"is_root_enabled": False}),
    ("root enable", ["--root_password", "mine"], {"name": "root", "password": "mine"}),
    ("root show", [], {"is_root_enabled": True}),
    ("root disable", [], None),
    ("db delete", ["shop"], None),
    ("db list", [], [{"Name": "app"}]),
]  # fmt: skip
"""Command, what follows the instance, and what it shows as JSON (None: nothing)."""

REFUSALS = [
    ("db create", ["app"], "'app' already exists"),
    ("db delete", ["nosuch"], "'nosuch' cannot be found"),
    ("user create", ["root", "pw"], "reserved"),
    ("user delete", ["nosuch"], "'nosuch' cannot be found"),
    ("user revoke access", ["tester", "nosuch"], "not granted"),
    ("root disable", [], "never been enabled"),
]


@pytest.fixture(scope="module")
def instance(cloud: Cloud) -> Iterator[TestInstance]:
    """An instance with the database `app` and its user `tester`."""
    with an_instance(tenant(cloud), NAME) as made:
        yield made


def test_each_command(cloud: Cloud, instance: TestInstance) -> None:
    """In the order of the table: each command finds at once what the one before has changed."""
    openstack = OpenStack(cloud)
    for command, arguments, shown in COMMANDS:
        words = f"database {command}"
        if shown is None:
            assert openstack.says(words, instance.id, *arguments) == ""
        else:
            assert openstack.json(words, instance.id, *arguments) == shown, command


@pytest.mark.parametrize(("command", "arguments", "words"), REFUSALS)
def test_refusals_are_told(
    cloud: Cloud, instance: TestInstance, command: str, arguments: list[str], words: str
) -> None:
    assert words in OpenStack(cloud).refusal(f"database {command}", instance.id, *arguments)


def test_troveclient(cloud: Cloud, instance: TestInstance) -> None:
    client = Client("1.0", session=cloud.session("demo"), service_type="database", region_name="RegionOne")
    client.databases.create(instance.id, [{"name": "d0"}, {"name": "d1"}])
    page = client.databases.list(instance.id, limit=2)
    assert ([database.name for database in page], page.next) == (["app", "d0"], "d0")
    users = [f"u.{number:02}" for number in range(22)]
    client.users.create(instance.id, [{"name": user, "password": "x"} for user in users])
    first = client.users.list(instance.id)
    assert (len(first), first.next) == (20, "u.18@%")
    assert [user.name for user in client.users.list(instance.id, marker=first.next)] == users[19:]
    client.users.change_passwords(instance.id, [{"name": "u.00", "password": "new", "host": "%"}])
    client.users.grant(instance.id, "u.00", ["d0", "d1"], hostname="%")
    client.users.revoke(instance.id, "u.00", "d0")
    assert [database.name for database in client.users.list_access(instance.id, "u.00")] == ["d1"]
    assert TestInstance(instance.id, instance.host, "new", "d1", "u.00").query("SELECT 1") == [(1,)]
    assert client.users.get(instance.id, "u.01", "%").databases == []
    with pytest.raises(exceptions.NotFound):
        client.users.get(instance.id, "u.00", "10.0.0.1")
    name, password = client.root.create(instance.id)
    assert (name, client.root.is_root_enabled(instance.id).rootEnabled) == ("root", True)
    assert TestInstance(instance.id, instance.host, password, user="root").query("SELECT current_user") == [("root",)]
    client.root.disable_instance_root(instance.id)
    client.users.delete(instance.id, "u.00")
    for database in ("d0", "d1"):
        client.databases.delete(instance.id, database)
    assert [database.name for database in client.databases.list(instance.id)] == ["app"]


def test_openstacksdk(cloud: Cloud, instance: TestInstance) -> None:
    """Its bodies for new databases and users are not Trove's; they are taken for what they mean."""
    database = connect(cloud, "demo")
    database.create_database(instance.id, name="sdk", character_set="UTF8")
    assert [item.name for item in database.databases(instance.id)] == ["app", "sdk"]
    database.create_user(instance.id, name="sdk", password="pw", databases=[{"name": "sdk"}])
    assert {item.name: item.databases for item in database.users(instance.id)}["sdk"] == [{"name": "sdk"}]
    database.delete_user("sdk", instance.id)
    database.delete_database("sdk", instance.id)
    assert [item.name for item in database.databases(instance.id)] == ["app"]
