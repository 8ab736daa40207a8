"""The settings of an engine that follow from a spec."""

from datastores.catalog import catalog
from datastores.protocol.engine import Settings
from functions.state.instances.spec import InstanceSpec


def settings_of(spec: InstanceSpec) -> Settings:
    """Return the engine's settings: those of the flavor, the configuration group and the enabled logs."""
    version = catalog().version_by_id(spec.datastore_version_id)
    logs = catalog().datastore_of(version.id).log_settings(spec.enabled_logs)
    return version.settings_for(spec.memory_mb, spec.cpus) | spec.configuration_values | logs


def too_low(replica: InstanceSpec, primary: InstanceSpec) -> list[str]:
    """Return the settings that are lower on a replica than it needs to replay the log of that primary."""
    here, there = settings_of(replica), settings_of(primary)
    least = catalog().datastore_of(primary.datastore_version_id).replica_minimums
    return [name for name in least if float(here[name]) < float(there[name])]
