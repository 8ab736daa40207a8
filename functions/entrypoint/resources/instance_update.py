"""PUT and PATCH of an instance: change the name, and one other attribute.

attribute               effect                                                                    from
access                  operation: changes the rules of the substrate and of the engine           1.0
datastore_version       operation: the instance's own version, or one that can upgrade from it    1.0
configuration           operation, waited for; null, and a body without attributes, detaches      1.0
replica_of, slave_of    operation: null or an empty text detaches a replica, else 400             1.0
tags                    changed in the row                                                        1.1
deletion_protection     changed in the row                                                        1.1
failover                operation: the policy of the instance's group                             1.2
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from datastores.catalog import DatastoreVersion
from functions.base.errors import BadRequest
from functions.entrypoint.api_request import ApiRequest, ResponseBody
from functions.entrypoint.models import InstanceUpdate
from functions.entrypoint.resources.instance_configuration import attach, detach
from functions.entrypoint.resources.instance_owner import instance_id_of, on_behalf_of_owner
from functions.entrypoint.resources.new_instance import cidr
from functions.entrypoint.resources.new_replica import policy_of
from functions.entrypoint.version_catalog import CatalogEntry, entry_of, find_active_entry
from functions.entrypoint.views.instances import GROUPS_SINCE
from functions.operations import group_policy, instance_access, instance_upgrade, replica_detach
from functions.operations.parts.launch import launch
from functions.state.groups import groups
from functions.state.instances import instances, marks
from functions.state.instances.models import Instance
from functions.state.instances.spec import Access
from functions.state.operations.acceptance import Caller

UpdateRequest = ApiRequest[InstanceUpdate, None]
Value = TypeVar("Value")
MARKS_SINCE = 1
"""N of the first microversion 1.N that has tags and deletion_protection."""
SINCE = {"tags": MARKS_SINCE, "deletion_protection": MARKS_SINCE, "failover": GROUPS_SINCE}
"""N of the first microversion 1.N that has the attribute; 0 if not listed."""


def update_instance(request: UpdateRequest) -> ResponseBody:
    """Accept a change.

    Raises:
        BadRequest: several attributes besides the name, one that the microversion lacks, or a null that is not allowed.
        NotFound, Busy, NotSupported.
    """
    caller = on_behalf_of_owner(request)
    instance = instances.get(caller.project_id, instance_id_of(request))
    named = request.body.instance.model_fields_set
    attributes = sorted(named - {"name"})
    if len(attributes) > 1:
        raise BadRequest(f"Only one attribute besides the name can be changed at a time, not {', '.join(attributes)}.")
    for attribute in attributes or ([] if named else ["configuration"]):
        if request.minor < SINCE.get(attribute, 0):
            raise BadRequest(
                f"Validation error: instance Additional properties are not allowed ('{attribute}' was unexpected)"
            )
        UPDATES[attribute](request, instance, caller)
    if "name" in named:
        marks.mark(caller.project_id, instance.id, {"name": _present("name", request.body.instance.name)})
    return None


def _access(request: UpdateRequest, instance: Instance, caller: Caller) -> None:
    asked = _present("access", request.body.instance.access)
    values = {name: _present(f"access {name}", getattr(asked, name)) for name in asked.model_fields_set}
    if "allowed_cidrs" in values:
        values["allowed_cidrs"] = [cidr(text) for text in values["allowed_cidrs"]]
    launch(instance_access.accept_access(instance.id, Access(**values), caller))


def _datastore_version(request: UpdateRequest, instance: Instance, caller: Caller) -> None:
    own = entry_of(instance.datastore_version_id)
    named = _present("datastore_version", request.body.instance.datastore_version)
    version = own.version
    if named not in (own.version.id, own.version.name):
        version = _successor(own, find_active_entry(named, own.datastore))
    launch(instance_upgrade.accept_upgrade(instance, version.id, caller))


def _successor(own: CatalogEntry, other: CatalogEntry) -> DatastoreVersion:
    """Return the other version. Raises BadRequest if it cannot upgrade from the instance's own version."""
    if own.version.name not in other.version.upgrades_from:
        takes = " and ".join(other.version.upgrades_from) or "no other version"
        raise BadRequest(
            f"{own.datastore.name} {own.version.name} cannot be upgraded to {other.version.name}, which takes over the"
            f" data of {takes}."
        )
    return other.version


def _configuration(request: UpdateRequest, instance: Instance, caller: Caller) -> None:
    reference = request.body.instance.configuration
    if reference:
        attach(instance, reference, caller)
    else:
        detach(instance, caller)


def _replica_of(request: UpdateRequest, instance: Instance, caller: Caller) -> None:
    if request.body.instance.replica_of or request.body.instance.slave_of:
        raise BadRequest("An instance cannot become a replica of another one: create a replica, with 'replica_of'.")
    launch(replica_detach.accept_detach(instance.id, caller))


def _failover(request: UpdateRequest, instance: Instance, caller: Caller) -> None:
    asked = _present("failover", request.body.instance.failover)
    launch(group_policy.accept_policy(instance, policy_of(asked, groups.policy_of(instance)), caller))


def _mark(name: str) -> Callable[[UpdateRequest, Instance, Caller], None]:
    def mark(request: UpdateRequest, instance: Instance, caller: Caller) -> None:
        value = _present(name, getattr(request.body.instance, name))
        value = list(dict.fromkeys(value)) if isinstance(value, list) else value
        marks.mark(caller.project_id, instance.id, {name: value})

    return mark


def _present(name: str, value: Value | None) -> Value:
    if value is None:
        raise BadRequest(f"Validation error: instance {name} must not be null")
    return value


UPDATES: Mapping[str, Callable[[UpdateRequest, Instance, Caller], None]] = {
    "access": _access,
    "datastore_version": _datastore_version,
    "configuration": _configuration,
    "replica_of": _replica_of,
    "slave_of": _replica_of,
    "failover": _failover,
    "tags": _mark("tags"),
    "deletion_protection": _mark("deletion_protection"),
}
