"""The client for programs and the shell, without a service: finding, connection commands, timelines, old services."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest
from keystoneauth1.adapter import Adapter
from keystoneauth1.noauth import NoAuth
from keystoneauth1.session import Session

from api_spec.client import ClientError, Refused, ServerTooOld
from api_spec.client.find import find_one
from api_spec.client.operations import Operation, Operations, Task
from api_spec.client.osc.connect import address_of, command_line
from api_spec.client.osc.operation import BAR_WIDTH, timeline
from api_spec.client.rest import Rest
from api_spec.client.routes import ROUTES

START = datetime(2026, 1, 1, tzinfo=UTC)


def instance(datastore: str, **more: object) -> dict[str, Any]:
    """An instance as the API shows it."""
    return {"name": "db1", "status": "ACTIVE", "datastore": {"type": datastore}, "ip": ["192.0.2.7"]} | more


def test_a_name_that_is_there_twice_is_refused_with_the_ids() -> None:
    found = [{"id": "1", "name": "a"}, {"id": "2", "name": "a"}, {"id": "a", "name": "b"}]
    assert find_one("instance", "a", found)["name"] == "b"
    with pytest.raises(Refused, match="1, 2") as refused:
        find_one("instance", "a", found[:2])
    assert refused.value.status == 409
    with pytest.raises(Refused, match="'c' exists"):
        find_one("instance", "c", found)


@pytest.mark.parametrize(
    ("datastore", "words"),
    [
        ("postgresql", ["psql", "host=192.0.2.7 user=joe dbname='a b' sslmode=verify-full sslrootcert=/ca.pem"]),
        (
            "mariadb",
            [
                "mariadb",
                "--host=192.0.2.7",
                "--user=joe",
                "--password",
                "--ssl-ca=/ca.pem",
                "--ssl-verify-server-cert",
                "a b",
            ],
        ),
        ("valkey", ["valkey-cli", "-h", "192.0.2.7", "--tls", "--cacert", "/ca.pem", "--user", "joe", "-n", "a b"]),
    ],
)
def test_the_command_that_connects_verifies_the_server_and_holds_no_password(datastore: str, words: list[str]) -> None:
    assert command_line(instance(datastore), "192.0.2.7", "joe", "a b", "/ca.pem") == words


def test_quotes_in_names_stay_inside_libpqs_connection_string() -> None:
    assert r"user='o\'\\x'" in command_line(instance("postgresql"), "192.0.2.7", r"o'\x", None, None)[1]


def test_an_instance_without_an_address_or_client_says_so() -> None:
    with pytest.raises(ClientError, match="status is BUILD"):
        address_of(instance("postgresql", ip=None, status="BUILD"))
    with pytest.raises(ClientError, match=r"memcached.*192\.0\.2\.7"):
        command_line(instance("memcached"), "192.0.2.7", None, None, None)


def test_a_source_is_reached_by_its_endpoint_and_a_replica_by_its_own_address() -> None:
    ways = [{"kind": kind, "addresses": [{"address": f"192.0.2.{n}"}]} for n, kind in enumerate(("primary", "readers"))]
    replica = instance("postgresql", endpoints=ways, replica_of={"id": "source"})
    assert address_of(instance("postgresql", endpoints=ways)) == "192.0.2.0"
    assert address_of(replica) == "192.0.2.7"
    assert address_of(replica, readers=True) == "192.0.2.1"
    assert address_of(instance("postgresql", endpoints=[])) == "192.0.2.7"
    with pytest.raises(ClientError, match="no endpoint for readers"):
        address_of(instance("postgresql", endpoints=[]), readers=True)


def test_a_timeline_places_each_task_in_the_operations_time() -> None:
    def task(name: str, first: float, last: float) -> Task:
        return Task(name, "SUCCEEDED", START + timedelta(seconds=first), START + timedelta(seconds=last), 1, None)

    tasks = [task("stack.create", 0, 1), task("job.run", 5, 10)]
    end = START + timedelta(seconds=10)
    operation = Operation(
        "1", "instance_create", "SUCCEEDED", None, None, "u", START, START, end, end, None, None, None, tasks
    )
    first, second = timeline(operation)
    assert first.startswith(f"|{'█' * 4}{' ' * (BAR_WIDTH - 4)}|")
    assert second.startswith(f"|{' ' * 20}{'█' * 20}|")
    assert "5.00 s" in second


class Listed:
    """A service whose operations are those given, newest first; it stands for the REST client."""

    def __init__(self, *operations: tuple[str, str, int]) -> None:
        self._operations = operations

    def items(self, route: str, key: str, limit: int | None, query: dict[str, str | None]) -> list[dict[str, Any]]:
        """The operations of the wanted state."""
        assert (route, key, query["instance_id"]) == ("operations.list", "operations", "i")
        wanted = [item for item in self._operations if query.get("state") in {None, item[1]}]
        return [self._item(*item) for item in wanted][:limit]

    @staticmethod
    def _item(name: str, state: str, second: int) -> dict[str, Any]:
        empty = dict.fromkeys(("backup_id", "started", "ended", "error", "progress"))
        times = {"created": f"2026-01-01T00:00:{second:02}", "deadline": "2026-01-02T00:00:00"}
        return {"id": name, "type": "t", "state": state, "instance_id": "i", "user_id": "u", **empty, **times}


@pytest.mark.parametrize(
    ("listed", "current"),
    [
        ([("c", "SUCCEEDED", 3), ("b", "RUNNING", 2), ("a", "FAILED", 1)], "b"),
        ([("d", "QUEUED", 4), ("b", "RUNNING", 2)], "d"),
        ([("d", "RUNNING", 4), ("b", "QUEUED", 2)], "d"),
        ([("c", "FAILED", 3), ("a", "SUCCEEDED", 1)], "c"),
        ([], None),
    ],
)
def test_the_current_operation_is_the_newest_under_way_or_the_last(
    listed: list[tuple[str, str, int]], current: str | None
) -> None:
    found = Operations(cast("Rest", Listed(*listed))).current("i")
    assert (found and found.id) == current


@pytest.fixture
def old_service() -> Iterator[str]:
    """The address of a service that has microversion 1.0 only, as its version document says."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"versions": [{"id": "v1.0", "version": "1.0", "min_version": "1.0"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_service_that_is_too_old_is_named_with_its_version(old_service: str) -> None:
    session = Session(auth=NoAuth(endpoint=f"{old_service}/v1.0/project"))
    rest = Rest(Adapter(session))
    with pytest.raises(ServerTooOld, match=r"operations\.list needs microversion 1\.1 .* has 1\.0 at most"):
        Operations(rest).list()


def test_every_request_of_the_client_is_one_of_the_specification() -> None:
    assert ROUTES["operations.show"] == ("GET", "/operations/{operation_id}", 1)
    assert ROUTES["instances.action"] == ("POST", "/instances/{instance_id}/action", 0)
