"""Checks a create request that names a source of replicas, by the rules that the specification's schema lacks.

rule                                                                        otherwise
the source is an instance of the project, ACTIVE                            404 / 422
the source is no replica itself                                             401
flavorRef, datastore, volume, nics, users, .. are left out                  400
replicas of the datastore are offered                                       501
"""

from dataclasses import replace

from functions.base.errors import BadRequest, NotSupported
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import Failover, NewInstanceItem
from functions.entrypoint.resources.new_instance import access_of, refuse_unsupported
from functions.entrypoint.version_catalog import CatalogEntry, entry_of
from functions.entrypoint.views.instances import GROUPS_SINCE
from functions.operations import group_policy
from functions.operations.parts.new_instances import NewInstance
from functions.state.groups.policy import BelowQuorum, FailoverMode, FailoverPolicy
from functions.state.instances import instances
from functions.state.instances.models import Instance

OF_THE_SOURCE = (
    "flavor_ref", "flavor", "datastore", "volume", "databases", "users", "restore_point", "configuration", "locality",
)  # fmt: skip
"""The fields of a request that a replica has from its source."""


def new_replica(asked: NewInstanceItem, project_id: str) -> tuple[NewInstance, Instance]:
    """Check the request by this module's rules; return the new instance and its source.

    Raises:
        BadRequest, NotFound, NotSupported: a rule is broken.
    """
    source = instances.get(project_id, require_id("Instance", str(asked.replica_of)))
    named = [name for name in OF_THE_SOURCE if getattr(asked, name, None)]
    if named:
        raise BadRequest(f"A replica has it from its source: leave out {', '.join(named)}.")
    refuse_unsupported(asked)
    _require_replicas(entry_of(source.datastore_version_id))
    spec = source.spec if asked.access is None else source.spec.but(access=access_of(asked.access))
    new = NewInstance(
        name=asked.name,
        spec=spec,
        configuration_revision=source.configuration_revision,
        deletion_protection=bool(asked.deletion_protection),
        tags=list(dict.fromkeys(asked.tags or [])),
    )
    return new, source


def new_policy(asked: NewInstanceItem, source: Instance, minor: int) -> FailoverPolicy | None:
    """Return the failover policy that the request asks for, from microversion 1.2 on; None if it asks for none.

    Raises BadRequest: the datastore cannot keep it, or it wants more replicas than are made.
    """
    if asked.failover is None or minor < GROUPS_SINCE:
        return None
    policy = policy_of(asked.failover)
    group_policy.require_possible(policy, source.datastore_version_id, asked.replica_count or 1)
    return policy


def policy_of(asked: Failover, before: FailoverPolicy | None = None) -> FailoverPolicy:
    """Return the policy that follows when what is asked for replaces what was before."""
    values = asked.model_dump(exclude_unset=True)
    if "mode" in values:
        values["mode"] = FailoverMode(values["mode"])
    if "below_quorum" in values:
        values["below_quorum"] = BelowQuorum(values["below_quorum"])
    return replace(before or FailoverPolicy(), **values)


def _require_replicas(entry: CatalogEntry) -> None:
    if not entry.datastore.replicas:
        raise NotSupported(f"Replicas of {entry.datastore.name} are not offered.")
