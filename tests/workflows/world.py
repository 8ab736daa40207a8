"""Accepts operations and looks at what they leave in Heat, on hosts and in Swift."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import yaml

from datastores.catalog import catalog
from deploy.local.cloud import Cloud
from deploy.local.hosts.layout import HostDirectory
from functions.cloud import flavors, heat, swift
from functions.state import backups, configurations, instance_changes, instances
from functions.state.acceptance import Caller
from functions.state.backups import ImportedBackup
from functions.state.configurations import NewConfiguration
from functions.state.instance_changes import Size
from functions.state.models import Backup, BackupStatus, Instance, Operation, OperationType
from functions.steps.backup import container, prefix
from functions.steps.stack import stack_name
from tests.support.step_proxy import called
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
    return instance_changes.accept_resize(instance.id, Size(flavor.id, flavor.ram, flavor.vcpus), caller)


def _grow(instance: Instance, caller: Caller) -> Operation:
    return instance_changes.accept_resize_volume(instance.id, instance.volume_size + 1, caller)


def _access(instance: Instance, caller: Caller) -> Operation:
    cidrs = [] if instance.access.get("allowed_cidrs") else ["127.0.0.0/8"]
    return instance_changes.accept_access(instance.id, {"allowed_cidrs": cidrs}, caller)


CHANGES: Mapping[OperationType, Callable[[Instance, Caller], Operation]] = {
    OperationType.INSTANCE_RESIZE: _resize,
    OperationType.INSTANCE_RESIZE_VOLUME: _grow,
    OperationType.INSTANCE_ACCESS: _access,
    OperationType.INSTANCE_UPGRADE: lambda instance, caller: instance_changes.accept_upgrade(
        instance, instance.datastore_version_id, caller
    ),
    OperationType.INSTANCE_STOP: lambda instance, caller: instance_changes.accept_stop(instance.id, caller),
    OperationType.INSTANCE_START: lambda instance, caller: instance_changes.accept_start(instance.id, caller),
}


@dataclass
class World:
    """The instances and backups of one project, by the product's own state."""

    cloud: Cloud
    caller: Caller

    def accept_instance(self, backup_id: str | None = None) -> tuple[Instance, Operation]:
        """A new instance of the default datastore's smallest size."""
        version = catalog().version("postgresql", None)
        flavor = flavors.flavors()[0]
        request = instances.NewInstance(
            name="properties",
            datastore_version_id=version.id,
            flavor_id=flavor.id,
            memory_mb=flavor.ram,
            cpus=flavor.vcpus,
            volume_size=1,
            backup_id=backup_id,
        )
        return instances.accept_create(request, self.caller)

    def accept(  # noqa: PLR0911 - one case an operation
        self, kind: OperationType, instance: Instance, backup: Backup | None
    ) -> Operation:
        """Any operation on what is there."""
        project = self.caller.project_id
        match kind:
            case OperationType.INSTANCE_CREATE:
                return self.accept_instance()[1]
            case OperationType.INSTANCE_RESTORE:
                assert backup is not None
                return self.accept_instance(backup.id)[1]
            case OperationType.INSTANCE_RESTART:
                return instances.accept_restart(project, instance.id, self.caller)
            case OperationType.INSTANCE_DELETE:
                return instances.accept_delete(project, instance.id, self.caller)
            case OperationType.INSTANCE_CONFIGURE:
                return self.accept_configure(instance)
            case OperationType.INSTANCE_LOG:
                return published_logs.accept(instance, self.caller, self.cloud)
            case (
                OperationType.DATABASE_CREATE
                | OperationType.DATABASE_DELETE
                | OperationType.USER_CREATE
                | OperationType.USER_UPDATE
                | OperationType.USER_DELETE
                | OperationType.ACCESS_GRANT
                | OperationType.ACCESS_REVOKE
                | OperationType.ROOT_ENABLE
                | OperationType.ROOT_DISABLE
            ):
                return accounts.accept(kind, instance, self.caller)
            case OperationType.BACKUP_CREATE:
                asked = backups.NewBackup("properties", instance.id, parent_id=backup.id if backup else None)
                return backups.accept_create(asked, self.caller)[1]
            case OperationType.BACKUP_IMPORT:
                assert backup is not None
                return backups.accept_import(self.imported(backup), self.caller)[1]
            case OperationType.BACKUP_DELETE:
                assert backup is not None
                return backups.accept_delete(project, backup.id, self.caller)
            case _:
                return CHANGES[kind](instance, self.caller)

    def imported(self, backup: Backup) -> ImportedBackup:
        """What brings a copy of a full backup that is here already."""
        version, size = backup.datastore_version_id, backup.volume_size
        return ImportedBackup("properties", None, version, size, container(backup), prefix(backup), own_account=False)

    def accept_configure(self, instance: Instance) -> Operation:
        """Attach a configuration group to an instance that has none, detach the one it has."""
        if instance.configuration_id is None:
            request = NewConfiguration("properties", instance.datastore_version_id, {"work_mem": CONFIGURED_WORK_MEM})
            group = configurations.create(request, self.caller.project_id)
            return configurations.accept_attach(instance.id, group.id, self.caller)
        operation = configurations.accept_detach(instance.id, self.caller)
        assert operation is not None
        return operation

    def is_as_recorded(self, instance: Instance) -> bool:
        """Whether host and engine have the size, access rules and configuration that the instance's row says."""
        host = HostDirectory.of(self.cloud.state.path, instance.host_id)
        facts = host.facts()
        rules = (host.root / "conf" / "pg_hba.conf").read_text().splitlines()[-1].split()
        admitted = ([] if rules[3] == "all" else [rules[3]]) == instance.access.get("allowed_cidrs", [])
        size = (instance.memory_mb, instance.cpus, instance.volume_size)
        settings = (host.root / "conf" / "host.conf").read_text()
        fits = f"shared_buffers = '{instance.memory_mb // 4}MB'" in settings
        configured = (f"work_mem = '{CONFIGURED_WORK_MEM}'" in settings) == (instance.configuration_id is not None)
        return (facts.memory_mb, facts.cpus, facts.volume_gb) == size and admitted and fits and configured

    def left_of_instance(self, instance: Instance) -> list[str]:
        """What exists of an instance outside the state: its stack, its host."""
        left = []
        if stack_name(instance) in heat.names():
            left.append(f"stack {stack_name(instance)}")
        host = self.cloud.state.path / "hosts" / instance.host_id.replace("-", "")[:12]
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
