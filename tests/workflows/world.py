"""Accepts operations and looks at what they leave in Heat, on hosts and in Swift."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import yaml

from datastores.catalog import catalog
from datastores.protocol.tls import TlsMode
from deploy.local.cloud import Cloud
from deploy.local.endpoints.layout import EndpointDirectory
from deploy.local.hosts.layout import HostDirectory
from functions.base.clock import now
from functions.base.statuses import BackupStatus
from functions.cloud import heat, swift
from functions.entrypoint import pkcs12
from functions.operations import (
    backup_create,
    backup_delete,
    backup_import,
    group_failover,
    group_policy,
    group_roll,
    instance_access,
    instance_configure,
    instance_create,
    instance_delete,
    instance_resize,
    instance_resize_volume,
    instance_restart,
    instance_restore,
    instance_start,
    instance_stop,
    instance_tls,
    instance_upgrade,
    replica_create,
    replica_detach,
    replica_promote,
    replica_rejoin,
)
from functions.operations.backup_import import ImportedBackup
from functions.state.backups import backups
from functions.state.backups.models import Backup
from functions.state.configurations import configurations
from functions.state.configurations.configurations import NewConfiguration
from functions.state.database import transaction
from functions.state.endpoints import endpoints
from functions.state.groups import groups, watching
from functions.state.groups.policy import FailoverMode, FailoverPolicy
from functions.state.instances.models import Instance
from functions.state.instances.spec import Access
from functions.state.operations.acceptance import Caller, request_of
from functions.state.operations.models import Operation
from functions.storage.backup_objects import container, prefix
from functions.topology import flavors
from functions.topology.stacks import stack_name
from tests.support.operations import host_id_of, new_instance
from tests.support.step_proxy import called
from tests.support.tls import certified, for_tls, packed
from tests.workflows import accounts, published_logs
from workflows import operation_files


def steps_of(workflow: str) -> list[str]:
    """The calls on a workflow's way to success, in order, as a rule knows them."""
    [path] = [path for path in operation_files() if path.stem == workflow]
    tasks = yaml.safe_load(path.read_text())[workflow]["tasks"]
    name, steps = next(iter(tasks)), []
    while name:
        asked = tasks[name]["input"]
        steps.append(called(asked["function"], asked.get("input", {})))
        [name] = tasks[name].get("on-success", [None])
    return steps


CONFIGURED_WORK_MEM = "7MB"


def _resize(instance: Instance, caller: Caller) -> Operation:
    """To a size that the instance does not have."""
    flavor = next(flavor for flavor in flavors.flavors() if flavor.id != instance.flavor_id)
    return instance_resize.accept_resize(instance.id, flavor, caller)


def _grow(instance: Instance, caller: Caller) -> Operation:
    return instance_resize_volume.accept_resize_volume(instance.id, instance.volume_size + 1, caller)


def _tls(instance: Instance, caller: Caller) -> Operation:
    """To a tenant's certificate, or back to the service's own."""
    if instance.tls is not None:
        operation = instance_tls.accept_disable(instance.id, caller)
        assert operation is not None
        return operation
    authority = certified("the tenant's")
    certificate = pkcs12.read("a secret", packed(for_tls("db", authority), authority), None)
    return instance_tls.accept_enable(instance.id, TlsMode.ENFORCED, certificate, caller)


def _access(instance: Instance, caller: Caller) -> Operation:
    cidrs = [] if instance.access.allowed_cidrs else ["127.0.0.0/8"]
    return instance_access.accept_access(instance.id, Access(allowed_cidrs=cidrs), caller)


def _return(instance: Instance, caller: Caller) -> Operation:
    """What the sweep does with a replica that was found astray."""
    with transaction() as session:
        session.get_one(Instance, instance.id).astray_since = now()
    operation = replica_rejoin.accept_return(instance.id, caller)
    assert operation is not None
    return operation


def _fail_over(primary: Instance, _caller: Caller) -> Operation:
    """Of a primary that the watch has found lost, although it serves."""
    assert watching.record_loss(groups.of(primary))
    return group_failover.accept_automatic(str(primary.group_id))


def _policy(primary: Instance, caller: Caller) -> Operation:
    """A policy that the group does not have."""
    modes = {FailoverMode.SYNCHRONOUS: FailoverMode.ASYNCHRONOUS, FailoverMode.ASYNCHRONOUS: FailoverMode.SYNCHRONOUS}
    mode = modes[groups.of(primary).policy.mode]
    return group_policy.accept_policy(primary, FailoverPolicy(mode=mode), caller)


CHANGES: Mapping[str, Callable[[Instance, Caller], Operation]] = {
    "instance_resize": _resize,
    "instance_resize_volume": _grow,
    "instance_access": _access,
    "instance_tls": _tls,
    "instance_upgrade": lambda instance, caller: instance_upgrade.accept_upgrade(
        instance, instance.datastore_version_id, caller
    ),
    "instance_stop": lambda instance, caller: instance_stop.accept_stop(instance.id, caller),
    "replica_create": lambda instance, caller: replica_create.accept_replicas(
        instance.id, replace(new_instance("replica"), spec=instance.spec), 1, caller
    )[1],
    "replica_promote": lambda instance, caller: replica_promote.accept_promote(instance.id, caller),
    "replica_detach": lambda instance, caller: replica_detach.accept_detach(instance.id, caller),
    "replica_rejoin": _return,
    "group_failover": _fail_over,
    "group_policy": _policy,
    "group_roll": lambda primary, caller: group_roll.accept_roll(primary.id, group_roll.Change.RESTART, caller),
    "instance_start": lambda instance, caller: instance_start.accept_start(instance.id, caller),
}


@dataclass
class World:
    """The instances and backups of one project, by the product's own state."""

    cloud: Cloud
    caller: Caller

    datastore: str = "postgresql"
    """That of new instances."""

    def accept_instance(self, backup_id: str | None = None) -> tuple[Instance, Operation]:
        """A new instance of the smallest size."""
        version = catalog().version(self.datastore, None)
        flavor = flavors.flavors()[0]
        size = {"flavor_name": flavor.name, "memory_mb": flavor.ram, "cpus": flavor.vcpus}
        request = new_instance("properties", datastore_version_id=version.id, flavor_id=flavor.id, **size)
        if backup_id is not None:
            return instance_restore.accept_restore(request, backup_id, self.caller)
        return instance_create.accept_create(request, self.caller)

    def accept(  # noqa: PLR0911 - one case an operation
        self, kind: str, instance: Instance, backup: Backup | None
    ) -> Operation:
        """Any operation on what is there."""
        match kind:
            case "instance_create":
                return self.accept_instance()[1]
            case "instance_restore":
                assert backup is not None
                return self.accept_instance(backup.id)[1]
            case "instance_restart":
                return instance_restart.accept_restart(instance.id, self.caller)
            case "instance_delete":
                return instance_delete.accept_delete(instance.id, self.caller)
            case "instance_configure":
                return self.accept_configure(instance)
            case "instance_log":
                return published_logs.accept(instance, self.caller, self.cloud)
            case (
                "database_create"
                | "database_delete"
                | "user_create"
                | "user_update"
                | "user_delete"
                | "access_grant"
                | "access_revoke"
                | "root_enable"
                | "root_disable"
            ):
                return accounts.accept(kind, instance, self.caller)
            case "backup_create":
                asked = backup_create.NewBackup("properties", instance.id, parent_id=backup.id if backup else None)
                return backup_create.accept_create(asked, self.caller)[1]
            case "backup_import":
                assert backup is not None
                return backup_import.accept_import(self.imported(backup), self.caller)[1]
            case "backup_delete":
                assert backup is not None
                return backup_delete.accept_delete(backup.id, self.caller)
            case _:
                return CHANGES[kind](instance, self.caller)

    def imported(self, backup: Backup) -> ImportedBackup:
        """What brings a copy of a full backup that is here already."""
        version, size = backup.datastore_version_id, backup.volume_size
        place = backup_import.Request(container(backup), prefix(backup), own_account=False)
        return ImportedBackup("properties", None, version, size, place)

    def accept_configure(self, instance: Instance) -> Operation:
        """Attach a configuration group to an instance that has none, detach the one it has."""
        if instance.configuration_id is None:
            request = NewConfiguration("properties", instance.datastore_version_id, {"work_mem": CONFIGURED_WORK_MEM})
            group = configurations.create(request, self.caller.project_id)
            return instance_configure.accept_attach(instance.id, group.id, self.caller)
        operation = instance_configure.accept_detach(instance.id, self.caller)
        assert operation is not None
        return operation

    def is_as_recorded(self, instance: Instance) -> bool:
        """Whether host and engine have the size, access rules and configuration that the instance's row says."""
        host = HostDirectory.of(self.cloud.state.path, host_id_of(instance.id))
        facts = host.facts()
        rules = [line.split() for line in (host.root / "conf" / "pg_hba.conf").read_text().splitlines()]
        networks = [rule[3] for rule in rules if rule[0].startswith("host") and rule[1:3] == ["all", "all"]]
        admitted = networks == (endpoints.admitted(instance, instance.spec) or ["all"])
        size = (instance.memory_mb, instance.cpus, instance.volume_size)
        settings = (host.root / "conf" / "host.conf").read_text()
        fits = f"shared_buffers = '{instance.memory_mb // 4}MB'" in settings
        configured = (f"work_mem = '{CONFIGURED_WORK_MEM}'" in settings) == (instance.configuration_id is not None)
        mode = (instance.tls.mode if instance.tls else TlsMode.BUILTIN).value
        tls = (host.root / "conf" / "tls-mode").read_text() == mode
        return (facts.memory_mb, facts.cpus, facts.volume_gb) == size and admitted and fits and configured and tls

    def is_primary(self, instance: Instance) -> bool:
        """Whether the instance is its group's primary, by its group's row."""
        return groups.of(instance).primary_id == instance.id

    def replicas_of(self, instance: Instance) -> list[Instance]:
        """The replicas of the instance's group."""
        with transaction() as session:
            members = groups.members(session, [str(instance.group_id)])
        return [member for member in members if member.role == "replica"]

    def has_policy(self, primary: Instance, change: Operation) -> bool:
        """Whether row and engine have the policy that the operation gave the group, or had before it."""
        policy, before = groups.of(primary).policy, request_of(change, group_policy.Request).before
        host = HostDirectory.of(self.cloud.state.path, host_id_of(primary.id))
        quorum = json.loads((host.root / "data" / "group.json").read_text()).get("quorum", 0)
        changed = policy.mode != before.mode
        return changed == (change.state == "SUCCEEDED") and quorum == policy.copies(1)

    def is_following(self, replica: Instance, primary: Instance) -> bool:
        """Whether the rows say which of a group's members is the primary, and only that one takes writes."""
        recorded = groups.of(primary).primary_id == primary.id and (replica.role, primary.role) == (
            "replica",
            "primary",
        )
        led = self.led_to(primary) == {"primary": [primary.id], "readers": [replica.id]}
        return recorded and led and self._is_standby(replica) and not self._is_standby(primary)

    def led_to(self, member: Instance) -> dict[str, list[str]]:
        """The instances that the endpoints of a member's group lead to, by the proxies' own words."""
        with transaction() as session:
            of_group = groups.members(session, [member.group_id] if member.group_id else [])
        at = {each.host.addresses[0].address: each.id for each in of_group if each.host is not None}
        directories = {each.kind: EndpointDirectory.of(self.cloud.state.path, each.id) for each in endpoints.of(member)}
        facts = {kind: directory.applied() for kind, directory in directories.items()}
        return {kind: [at[target] for target in found.targets] for kind, found in facts.items() if found is not None}

    def _is_standby(self, instance: Instance) -> bool:
        host = HostDirectory.of(self.cloud.state.path, host_id_of(instance.id))
        return (host.root / "data" / "postgresql" / "standby.signal").exists()

    def left_of_instance(self, instance: Instance) -> list[str]:
        """What exists of an instance outside the state: its stack, its host."""
        left = []
        if stack_name(instance) in heat.names():
            left.append(f"stack {stack_name(instance)}")
        host = self.cloud.state.path / "hosts" / host_id_of(instance.id).replace("-", "")[:12]
        if host.exists():
            left.append(f"host directory {host}")
        return left

    def objects_of(self, backup: Backup) -> list[str]:
        """The names of a backup's objects in Swift."""
        return [stored.name for stored in swift.list_objects(container(backup), prefix(backup))]

    def stored_beside(self, backup: Backup) -> set[str]:
        """The ids of all backups of the project that have objects in Swift."""
        return {stored.name.partition("/")[0] for stored in swift.list_objects(container(backup), "")}

    def is_restorable(self, backup: Backup) -> bool:
        """Whether the backup is COMPLETED and its large object is there."""
        seen = backups.get(self.caller.project_id, backup.id)
        return seen.status == BackupStatus.COMPLETED and f"{prefix(backup)}data" in self.objects_of(backup)
