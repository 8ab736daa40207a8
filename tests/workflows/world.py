"""Accepts operations and looks at what they leave in Heat, on hosts and in Swift."""

from dataclasses import dataclass

import yaml

from datastores.catalog import catalog
from deploy.local.cloud import Cloud
from functions.cloud import flavors, heat, swift
from functions.state import backups, instances
from functions.state.acceptance import Caller
from functions.state.models import Backup, BackupStatus, Instance, Operation, OperationType
from functions.steps.backup import container, prefix
from functions.steps.stack import stack_name
from workflows import operation_files


def steps_of(workflow: str) -> list[str]:
    """The steps on a workflow's way to success, in order."""
    [path] = [path for path in operation_files() if path.stem == workflow]
    tasks = yaml.safe_load(path.read_text())[workflow]["tasks"]
    name, steps = next(iter(tasks)), []
    while name:
        steps.append(tasks[name]["input"]["function"])
        [name] = tasks[name].get("on-success", [None])
    return steps


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

    def accept(self, kind: OperationType, instance: Instance, backup: Backup | None) -> Operation:
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
            case OperationType.BACKUP_CREATE:
                return backups.accept_create(backups.NewBackup("properties", instance.id), self.caller)[1]
            case OperationType.BACKUP_DELETE:
                assert backup is not None
                return backups.accept_delete(project, backup.id, self.caller)

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

    def is_restorable(self, backup: Backup) -> bool:
        """Whether the backup is COMPLETED and its large object is there."""
        seen = backups.get(self.caller.project_id, backup.id)
        return seen.status == BackupStatus.COMPLETED and f"{prefix(backup)}data" in self.objects_of(backup)
