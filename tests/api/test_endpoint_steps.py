"""The steps of endpoints on the real Heat: created, pointed and deleted by a group's rows, however often called."""

import sys
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType

import pytest
from sqlalchemy import update

from datastores.catalog import catalog
from deploy.local.cloud import Cloud
from functions.base.clock import now
from functions.base.statuses import OperationState
from functions.cloud import heat
from functions.framework import token
from functions.framework.call import call
from functions.framework.envelope import Envelope
from functions.framework.operation import OperationKind, Part, Task, find
from functions.operations import instance_create
from functions.state.database import transaction
from functions.state.endpoints import endpoints
from functions.state.endpoints.endpoints import Kind
from functions.state.endpoints.models import Endpoint
from functions.state.groups.models import Group
from functions.state.hosts import hosts
from functions.state.hosts.models import Address
from functions.state.instances.models import Instance
from functions.state.instances.spec import Access
from functions.state.operations import moves
from functions.state.operations.acceptance import Caller, Held, Order, accept, lock_instance
from functions.topology import endpoints as topology
from tests.support.endpoints import PORT, WAIT, Speaker, eventually, greeted, speakers
from tests.support.operations import finish, new_instance

pytestmark = pytest.mark.usefixtures("state")
NAME = "endpoints_visit"
MEMBERS = 3


@dataclass(frozen=True)
class Members:
    """A replication group: its primary and replicas, each with a server at its host's address."""

    group_id: str
    project_id: str
    ids: list[str]
    servers: list[Speaker]

    def promote(self, number: int) -> None:
        """Make another member the primary."""
        with transaction() as session:
            session.get_one(Group, self.group_id).primary_id = self.ids[number]
            for each, instance_id in enumerate(self.ids):
                session.get_one(Instance, instance_id).role = "primary" if each == number else "replica"

    def endpoint(self, kind: Kind = "primary") -> Endpoint:
        """The group's endpoint as it is now."""
        [found] = [each for each in self.endpoints() if each.kind == kind]
        return found

    def endpoints(self) -> list[Endpoint]:
        """The group's endpoints as they are now."""
        return endpoints.of(Instance(group_id=self.group_id))

    def leave(self, number: int) -> None:
        """Take a member out of the group."""
        with transaction() as session:
            session.get_one(Instance, self.ids[number]).group_id = None

    def reached(self, kind: Kind = "primary") -> set[int]:
        """The members whose servers greet new connections."""
        [address] = self.endpoint(kind).addresses
        greetings = {greeted(address.address).partition(" ")[0] for _ in range(2 * MEMBERS)}
        return {number for number, server in enumerate(self.servers) if server.address in greetings}


@pytest.fixture
def members(cloud: Cloud) -> Iterator[Members]:
    """A group of three, whose endpoints are gone after the test."""
    caller = Caller(f"endpoints-{uuid.uuid4()}", "tester", "req-endpoints")
    version = next(each for each in catalog().find("postgresql").versions if each.active)
    with speakers(cloud, MEMBERS) as servers:
        ids = []
        for server in servers:
            asked = new_instance(
                "member", datastore_version_id=version.id, access=Access(allowed_cidrs=["127.0.0.0/8"])
            )
            instance, created = instance_create.accept_create(asked, caller)
            with transaction() as session:
                host = hosts.current(session, session.get_one(Instance, instance.id))
                assert host is not None
                host.addresses = [Address(address=server.address, type="private")]
            finish(created)
            ids.append(instance.id)
        with transaction() as session:
            group = Group(project_id=caller.project_id, kind="replication")
            session.add(group)
            session.flush()
            session.execute(update(Instance).where(Instance.id.in_(ids)).values(group_id=group.id))
        found = Members(group.id, caller.project_id, ids, servers)
        found.promote(0)
        yield found
        for endpoint in found.endpoints():
            topology.delete(endpoint)
            eventually(lambda: topology.status(endpoint).state == "absent", "the stack is gone")  # noqa: B023


@pytest.fixture
def plan() -> Iterator[None]:
    """An operation that has every step of endpoints in its plan, and one more, which ends it."""
    module = ModuleType(f"functions.operations.{NAME}")
    tasks = tuple(Task(verb, f"endpoint.{verb}") for verb in ("create", "point", "release"))
    undone = Task("discard", "endpoint.discard")
    last = Task("last", "endpoint.point", undo=(undone,))
    module.OPERATION = OperationKind(module=module.__name__, plan=(*tasks, last), limit=timedelta(minutes=5))  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    yield
    del sys.modules[module.__name__]
    find.cache_clear()


@pytest.fixture
def operation_id(members: Members, plan: None) -> str:
    """An operation on the group's first member, which holds all and has begun."""
    return another_operation(members)


def another_operation(members: Members, part: Part = Part.MEMBER, holding: Sequence[int] = range(MEMBERS)) -> str:
    """An operation on the first of the members that it holds, which has begun."""
    caller = Caller(members.project_id, "tester", "req-endpoints")
    with transaction() as session:
        held = [lock_instance(session, members.project_id, members.ids[each], find(NAME).lock) for each in holding]
        operation = accept(
            session, caller, Order(find(NAME)), held[0], part=part, also=[Held(each) for each in held[1:]]
        )
        moves.begin(session, operation)
        return operation.id


def once(operation_id: str, verb: str) -> Envelope:
    """Call a step as its workflow does, once."""
    authorization = f"Bearer {token.issue(operation_id, 'operation', now() + timedelta(minutes=1))}"
    return call(f"endpoint.{verb}", {"task": verb, "input": {}}, authorization)


def run(operation_id: str, verb: str) -> None:
    """Call a step until it is done."""

    def done() -> bool:
        answer = once(operation_id, verb)
        assert answer.ok, answer.error
        return answer.result == {"done": True}

    eventually(done, f"endpoint.{verb} is done")


def finish_undone(operation_id: str) -> None:
    """End an operation, so that others may begin; what it has made stays."""
    moves.abort(operation_id, "ended by the test")
    moves.fail(operation_id, OperationState.FAILED)


def test_the_life_of_a_group_s_endpoints(members: Members, operation_id: str) -> None:
    for _ in range(2):
        run(operation_id, "create")
    made = members.endpoint()
    assert made.generation == 1 and not made.held_by_host
    assert [address.type for address in made.addresses] == ["private"]
    assert made.source_cidrs == [f"{made.addresses[0].address}/32"]
    assert heat.status(topology.stack_name(made)).parameters["ports"] == str(PORT)
    assert (members.reached(), members.reached("readers")) == ({0}, {1, 2})
    assert len(members.endpoint("readers").target_host_ids) == 2
    members.promote(1)
    for _ in range(2):
        run(operation_id, "point")
    moved = members.endpoint()
    assert (moved.id, moved.generation, moved.addresses) == (made.id, 2, made.addresses)
    assert (members.reached(), members.reached("readers")) == ({1}, {0, 2})
    moves.abort(operation_id, "ended by the test")
    for _ in range(2):
        run(operation_id, "discard")
    assert members.endpoints() == []
    assert topology.status(made).state == "absent"


def test_undoing_leaves_the_endpoints_that_another_operation_made(members: Members, operation_id: str) -> None:
    run(operation_id, "create")
    finish_undone(operation_id)
    later = another_operation(members)
    run(later, "create")
    moves.abort(later, "ended by the test")
    run(later, "discard")
    assert members.reached() == {0}


def test_who_leaves_is_no_reader_and_the_primary_serves_them_when_it_is_alone(
    members: Members, operation_id: str
) -> None:
    run(operation_id, "create")
    finish_undone(operation_id)
    members.promote(1)
    leaving = another_operation(members, Part.LEAVING)
    run(leaving, "release")
    assert (members.reached(), members.reached("readers")) == ({1}, {2})
    finish_undone(leaving)
    members.leave(0)
    run(another_operation(members, Part.LEAVING, [2, 1]), "release")
    assert members.reached("readers") == {1}


def test_the_last_member_takes_the_endpoints_with_it(members: Members, operation_id: str) -> None:
    run(operation_id, "create")
    finish_undone(operation_id)
    made = members.endpoint()
    for gone in (1, 2):
        members.leave(gone)
    leaving = another_operation(members, Part.LEAVING, [0])
    for _ in range(2):
        run(leaving, "release")
    assert members.endpoints() == []
    assert topology.status(made).state == "absent"


def test_who_does_not_hold_the_primary_moves_nothing(members: Members, operation_id: str) -> None:
    run(operation_id, "create")
    finish_undone(operation_id)
    members.promote(1)
    run(another_operation(members, holding=[0]), "point")
    assert members.reached() == {0}


def test_called_many_times_at_once_one_stack_is_made(members: Members, operation_id: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = [*pool.map(lambda _: once(operation_id, "create"), range(4))]
    assert all(answer.ok for answer in answers), answers
    run(operation_id, "create")
    names = [name for name in heat.names() if name.startswith(topology.ENDPOINT_STACK)]
    assert all(names.count(topology.stack_name(each)) == 1 for each in members.endpoints())
    assert members.reached() == {0}


def test_a_call_that_comes_late_does_not_lead_back(members: Members, operation_id: str) -> None:
    run(operation_id, "create")
    members.promote(1)
    run(operation_id, "point")
    run(operation_id, "create")
    assert members.reached() == {1}


def test_without_a_primary_connections_are_refused(members: Members, operation_id: str) -> None:
    run(operation_id, "create")
    with transaction() as session:
        session.get_one(Group, members.group_id).primary_id = None
    run(operation_id, "point")
    [address] = members.endpoint().addresses
    with pytest.raises(ConnectionRefusedError):
        greeted(address.address)
    assert members.endpoint().target_host_ids == []


def test_pointing_and_deleting_what_is_not_there_does_nothing(members: Members, operation_id: str) -> None:
    run(operation_id, "point")
    run(operation_id, "release")
    assert members.endpoints() == []


def test_an_instance_without_a_group_is_refused(members: Members, operation_id: str) -> None:
    with transaction() as session:
        session.get_one(Instance, members.ids[0]).group_id = None
    answer = once(operation_id, "create")
    assert answer.error is not None and not answer.error.retryable
    assert "is in no group" in answer.error.message


def test_a_stack_that_failed_is_tried_again_by_the_next_operation(
    members: Members, operation_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(operation_id, "create")
    members.promote(1)
    usual = topology.parameters
    with monkeypatch.context() as patched:
        broken = {"targets": [server.address for server in members.servers]}
        patched.setattr(topology, "parameters", lambda endpoint, aim: usual(endpoint, aim) | broken)
        answer = once(operation_id, "point")
    assert answer.error is not None and "1 at most" in answer.error.message
    assert members.reached() == {0}
    finish_undone(operation_id)
    run(another_operation(members), "point")
    assert members.reached() == {1}
    assert len(members.endpoint().addresses) == 1


@pytest.mark.parametrize(
    ("name", "wrong"), [("targets", "10.0.0.1 an-option"), ("targets", "a-name"), ("allowed_cidrs", "10.0.0.0/8 }")]
)
def test_what_is_no_address_or_network_does_not_reach_the_proxy(
    members: Members, operation_id: str, monkeypatch: pytest.MonkeyPatch, name: str, wrong: str
) -> None:
    usual = topology.parameters
    monkeypatch.setattr(topology, "parameters", lambda endpoint, aim: usual(endpoint, aim) | {name: [wrong]})
    answer = once(operation_id, "create")
    assert answer.error is not None and not answer.error.retryable
    assert wrong in answer.error.message


def test_the_stack_of_a_deleted_endpoint_is_removed(members: Members, operation_id: str) -> None:
    run(operation_id, "create")
    endpoint = members.endpoint("readers")
    endpoints.remove(endpoint.id)
    assert endpoints.ended([endpoint.id, "unknown"]) == [], "it was deleted only just"
    with transaction() as session:
        session.get_one(Endpoint, endpoint.id).deleted_at = now() - timedelta(hours=1)
    assert endpoints.ended([endpoint.id]) == [endpoint.id]
    authorization = f"Bearer {token.issue('sweep', 'sweep', now() + timedelta(seconds=WAIT))}"
    answer = call("reconcile.run", {}, authorization)
    assert answer.ok and answer.result is not None, answer.error
    assert answer.result["stacks_removed"] == 1
    eventually(lambda: topology.status(endpoint).state == "absent", "the stack is gone")
