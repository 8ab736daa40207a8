"""Acceptance of changes that the replicas of a source get, too."""

import uuid

import pytest
from sqlalchemy import update

from datastores.catalog import catalog
from datastores.protocol.accounts import CreateUsers, User
from datastores.protocol.turns import Lock
from functions.base.errors import BadRequest, Busy, QuotaExceeded
from functions.base.statuses import InstanceStatus, OperationState
from functions.operations import (
    instance_configure,
    instance_resize,
    instance_resize_volume,
    instance_restart,
    replica_create,
    user_create,
)
from functions.operations.parts import accounts
from functions.state.configurations import configurations
from functions.state.configurations.configurations import Change, NewConfiguration
from functions.state.database import transaction
from functions.state.instances import instances
from functions.state.instances.models import Instance
from functions.state.operations import operations
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation
from functions.state.quotas import quotas
from functions.topology.flavors import Flavor
from tests.support.operations import finish, new_instance
from tests.support.replicas import replicas, source_of

pytestmark = pytest.mark.usefixtures("state")
LARGER = Flavor(id="9", name="larger", ram=4096, vcpus=4)
CHANGE = CreateUsers((User("later", "canary"),))


@pytest.fixture
def caller() -> Caller:
    """Somebody in a project of the test's own."""
    return Caller(f"sources-{uuid.uuid4()}", "tester", "req-sources")


def held(operation: Operation) -> set[str]:
    """The instances that an operation holds."""
    return {target.resource_id for target in operations.load(operation.id).targets}


def resized(member: Instance, caller: Caller) -> None:
    finish(instance_resize.accept_resize(member.id, LARGER, caller))


# -- the volume --------------------------------------------------------------------------------------------------------


def test_the_volume_grows_on_all_members_or_on_none(caller: Caller) -> None:
    source = source_of(caller)
    members = [source, *replicas(source, caller, 2)]
    operation = instance_resize_volume.accept_resize_volume(source.id, 3, caller)
    assert held(operation) == {member.id for member in members}
    assert {instances.load(member.id).status for member in members} == {InstanceStatus.RESIZE}
    finish(operation, OperationState.FAILED)
    assert {instances.load(member.id).volume_size for member in members} == {source.volume_size}
    finish(instance_resize_volume.accept_resize_volume(source.id, 3, caller))
    assert {instances.load(member.id).volume_size for member in members} == {3}


def test_a_replica_that_has_grown_already_is_left_alone(caller: Caller) -> None:
    source = source_of(caller)
    [replica] = replicas(source, caller)
    with transaction() as session:
        session.execute(update(Instance).where(Instance.id == replica.id).values(volume_size=5))
    assert held(instance_resize_volume.accept_resize_volume(source.id, 4, caller)) == {source.id}


def test_the_quota_counts_the_growth_of_each(caller: Caller) -> None:
    source = source_of(caller)
    replicas(source, caller, 2)
    quotas.update(caller.project_id, {"volumes": 3 * source.volume_size + 2})
    with pytest.raises(QuotaExceeded, match="requested 3"):
        instance_resize_volume.accept_resize_volume(source.id, source.volume_size + 1, caller)
    quotas.update(caller.project_id, {"volumes": 3 * source.volume_size + 3})
    instance_resize_volume.accept_resize_volume(source.id, source.volume_size + 1, caller)


def test_a_member_that_does_not_serve_keeps_all_as_they_are(caller: Caller) -> None:
    source = source_of(caller)
    [replica] = replicas(source, caller)
    instance_restart.accept_restart(replica.id, caller)
    with pytest.raises(Busy, match=replica.id):
        instance_resize_volume.accept_resize_volume(source.id, 3, caller)
    with pytest.raises(Busy, match=replica.id):
        instance_configure.accept_detach(source.id, caller)


def test_a_replica_that_was_not_made_holds_nobody_up(caller: Caller) -> None:
    source = source_of(caller)
    failed, created = replica_create.accept_replicas(source.id, new_instance("replica"), 1, caller)
    finish(created, OperationState.FAILED)
    finish(instance_resize_volume.accept_resize_volume(source.id, 3, caller))
    assert instances.load(failed.id).volume_size == source.volume_size
    resized(source, caller)


def test_the_volume_of_a_replica_is_its_sources_to_change(caller: Caller) -> None:
    source = source_of(caller)
    [replica] = replicas(source, caller)
    with pytest.raises(BadRequest, match=f"is a replica: change its source, {source.id}"):
        instance_resize_volume.accept_resize_volume(replica.id, 3, caller)


# -- the configuration -------------------------------------------------------------------------------------------------


def test_all_members_have_the_revision_of_one_configuration_group(caller: Caller) -> None:
    source = source_of(caller)
    [replica] = replicas(source, caller)
    request = NewConfiguration("group", source.datastore_version_id, {"work_mem": 9000})
    group = configurations.create(request, caller.project_id)
    with pytest.raises(BadRequest, match=f"is a replica: change its source, {source.id}"):
        instance_configure.accept_attach(replica.id, group.id, caller)
    finish(instance_configure.accept_attach(source.id, group.id, caller))
    configurations.change(caller.project_id, group.id, Change({"work_mem": 8000}))
    assert {found.id for found in configurations.lagging()} >= {source.id, replica.id}
    with pytest.raises(BadRequest, match="is a replica"):
        instance_configure.accept_apply(replica.id, caller)
    applied = instance_configure.accept_apply(source.id, caller)
    assert applied is not None
    assert held(applied) == {source.id, replica.id}
    finish(applied)
    assert not {found.id for found in configurations.lagging()} & {source.id, replica.id}
    late = replicas(source, caller, 2)
    for member in (source, replica, *late):
        found = instances.load(member.id)
        assert (found.configuration_id, found.configuration_revision) == (group.id, 2)
        assert found.configuration_values == {"work_mem": 8000}


# -- the flavor --------------------------------------------------------------------------------------------------------


def test_a_source_does_not_outgrow_replicas_that_would_stop_replaying(caller: Caller) -> None:
    source = source_of(caller)
    [replica] = replicas(source, caller)
    with pytest.raises(BadRequest, match=f"Replica {replica.id} is too small .* max_connections .*Resize the replica"):
        instance_resize.accept_resize(source.id, LARGER, caller)
    resized(replica, caller)
    resized(source, caller)


def test_a_source_outgrows_replicas_that_do_not_mind(caller: Caller) -> None:
    source = source_of(caller, "mariadb")
    replicas(source, caller)
    resized(source, caller)


# -- users -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("datastore", ["postgresql", "mariadb", "redis", "valkey"])
def test_users_are_changed_where_they_do_not_come_by_replication(caller: Caller, datastore: str) -> None:
    source = source_of(caller, datastore)
    [replica] = replicas(source, caller)
    changed = accounts.accept_change(user_create.OPERATION, source.id, CHANGE, caller)
    replicate = catalog().find(datastore).accounts_replicate
    assert held(changed) == ({source.id} if replicate else {source.id, replica.id})
    assert {target.held for target in operations.load(changed.id).targets} == {Lock.ACCOUNTS}
    with pytest.raises(BadRequest, match="is a replica"):
        accounts.accept_change(user_create.OPERATION, replica.id, CHANGE, caller)


def test_users_wait_for_a_replica_that_copies_those_of_its_source(caller: Caller) -> None:
    source = source_of(caller, "valkey")
    _, created = replica_create.accept_replicas(source.id, new_instance("replica"), 1, caller)
    with pytest.raises(Busy, match="replica_create"):
        accounts.accept_change(user_create.OPERATION, source.id, CHANGE, caller)
    finish(created)
    accounts.accept_change(user_create.OPERATION, source.id, CHANGE, caller)
