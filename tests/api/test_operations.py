"""Operations: which ones a list shows, and the audit log of each."""

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest

from functions.base.clock import now
from functions.base.statuses import OperationState
from functions.operations import instance_create
from functions.state.audit import audit
from functions.state.audit.models import AuditEvent
from functions.state.database import transaction
from functions.state.operations import moves as operation_moves
from functions.state.operations import operations
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation
from tests.support.api import LATEST, Api, fault
from tests.support.operations import begin, new_instance, succeed
from tests.support.records import recorded

USER = "somebody"


@pytest.fixture(scope="module")
def stored(demo: Api, product_environment: dict[str, str]) -> Iterator[list[Operation]]:
    """Five operations on an instance and its backup; all have ended, so that no sweep touches them."""
    with recorded(demo.project_id, 1) as (resource,):
        rows = [new_operation(demo.project_id, resource, age) for age in range(5)]
        with transaction() as session:
            session.add_all(rows)
            session.flush()
            audit.record(session, rows[0], audit.Event.ACCEPTED)
        yield rows
        with transaction() as session:
            session.query(AuditEvent).filter(AuditEvent.operation_id.in_([row.id for row in rows])).delete()
            for row in rows:
                session.delete(row)


def new_operation(project_id: str, resource: str, age: int) -> Operation:
    """The newest is an instance_create that needs an operator, the others are backups; the oldest FAILED."""
    state = {0: OperationState.NEEDS_OPERATOR, 4: OperationState.FAILED}.get(age, OperationState.SUCCEEDED)
    return Operation(
        id=str(uuid.uuid4()),
        project_id=project_id,
        user_id=USER,
        request_id=f"req-{resource}-{age}",
        type="backup_create" if age else "instance_create",
        state=state,
        instance_id=resource,
        backup_id=resource if age else None,
        created=now() - timedelta(minutes=age),
        deadline=now() + timedelta(hours=1),
    )


def listed(demo: Api, query: str) -> list[str]:
    """The ids that a list shows, over all its pages."""
    seen, target = list[str](), f"/v1.0/{demo.project_id}/operations?{query}"
    while target:
        body = demo.send("GET", target, headers=LATEST).json()
        seen += [operation["id"] for operation in body["operations"]]
        target = body["links"][0]["href"].removeprefix(demo.root) if "links" in body else ""
    return seen


@pytest.mark.parametrize(
    ("query", "ages"),
    [
        ("", [0, 1, 2, 3, 4]),
        ("limit=2&", [0, 1, 2, 3, 4]),
        ("limit=1&type=backup_create&", [1, 2, 3, 4]),
        ("backup_id={resource}&", [1, 2, 3, 4]),
        ("state=NEEDS_OPERATOR&", [0]),
        ("state=SUCCEEDED&limit=2&", [1, 2, 3]),
        ("type=instance_create&state=SUCCEEDED&", []),
        ("type=nothing_of_the_kind&", []),
        ("request_id=req-{resource}-3&", [3]),
        ("request_id=req-unknown&", []),
    ],
)
def test_filters_hold_over_all_pages(demo: Api, stored: list[Operation], query: str, ages: list[int]) -> None:
    resource = stored[0].instance_id
    found = listed(demo, query.format(resource=resource) + f"instance_id={resource}")
    assert found == [stored[age].id for age in ages]


@pytest.mark.parametrize(
    "query", ["state=running", "type=No", "instance_id=x", "backup_id=x", "request_id=", "marker=x", "limit=0"]
)
def test_filters_that_make_no_sense(demo: Api, query: str) -> None:
    assert fault(demo.call("GET", f"/operations?{query}", headers=LATEST))[:2] == (400, "badRequest")


def test_an_unknown_marker(demo: Api) -> None:
    reply = demo.call("GET", f"/operations?marker={uuid.uuid4()}", headers=LATEST)
    assert fault(reply)[:2] == (404, "itemNotFound")


def test_events_are_shown(demo: Api, stored: list[Operation]) -> None:
    (event,) = demo.get(f"/operations/{stored[0].id}", headers=LATEST)["operation"]["events"]
    assert event.pop("at")
    assert event == {
        "event": "accepted",
        "user_id": USER,
        "request_id": stored[0].request_id,
        "state": "NEEDS_OPERATOR",
        "detail": None,
    }


# -- the audit log, on each database -----------------------------------------------------------------------------------


def accepted() -> Operation:
    """A new operation of a project that nobody else uses."""
    return instance_create.accept_create(new_instance("audited"), Caller(f"audit-{uuid.uuid4()}", USER, "req-audit"))[1]


def moves(operation: Operation) -> list[tuple[str, str, str | None]]:
    """The events of an operation: move, state after it, reason."""
    shown = operations.get(operation.project_id, operation.id).events
    assert {(event.user_id, event.request_id) for event in shown} == {(USER, "req-audit")}
    return [(event.event, event.state, event.detail) for event in shown]


@pytest.mark.usefixtures("state")
def test_moves_are_noted_once() -> None:
    operation = accepted()
    for _ in range(2):
        begin(operation.id)
    for _ in range(2):
        succeed(operation.id)
    assert moves(operation) == [
        ("accepted", "QUEUED", None),
        ("started", "RUNNING", None),
        ("ended", "SUCCEEDED", None),
    ]


@pytest.mark.usefixtures("state")
def test_undoing_says_why() -> None:
    operation = accepted()
    begin(operation.id)
    for reason in ("the reason", "a later one"):
        operation_moves.abort(operation.id, reason)
    operation_moves.fail(operation.id, OperationState.NEEDS_OPERATOR)
    assert moves(operation) == [
        ("accepted", "QUEUED", None),
        ("started", "RUNNING", None),
        ("undoing", "RUNNING", "the reason"),
        ("ended", "NEEDS_OPERATOR", "the reason"),
    ]


@pytest.mark.usefixtures("state")
def test_an_event_is_there_only_with_its_move(capfd: pytest.CaptureFixture[str]) -> None:
    operation = accepted()
    capfd.readouterr()
    with pytest.raises(InterruptedError), transaction() as session:
        audit.record(session, session.get_one(Operation, operation.id), audit.Event.STARTED)
        session.flush()
        raise InterruptedError
    assert moves(operation) == [("accepted", "QUEUED", None)]
    assert "audit" not in capfd.readouterr().out


@pytest.mark.usefixtures("state")
def test_an_event_is_a_line_of_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    operation = accepted()
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line.get("operation_id") == operation.id]
    expected = {"event": "audit", "move": "accepted", "user_id": USER, "request_id": "req-audit", "state": "QUEUED"}
    assert expected.items() <= line.items()
