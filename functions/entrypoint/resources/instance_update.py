"""PUT and PATCH of an instance: the name, and one attribute besides it.

attribute               effect                                                                    from
access                  workflow: rules of the substrate and of the engine                        1.0
datastore_version       workflow: the instance's own version, or one that takes over its data     1.0
configuration           workflow, waited for; null detaches, as does an object without attributes 1.0
replica_of, slave_of    not yet (501); null, on an instance that is no replica, is 400            1.0
tags                    at once                                                                   1.1
deletion_protection     at once                                                                   1.1
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from datastores.catalog import DatastoreVersion
from functions.entrypoint.call import Call, Reply
from functions.entrypoint.catalog import Offer, find_offer, offer_of
from functions.entrypoint.models import InstanceUpdate
from functions.entrypoint.resources.instance_configuration import attach, detach
from functions.entrypoint.resources.instance_target import instance_id_of, on_behalf_of_owner
from functions.entrypoint.resources.new_instance import cidr
from functions.launch import launch
from functions.runtime.errors import BadRequest, NotSupported
from functions.state import instance_changes, instance_marks, instances
from functions.state.acceptance import Caller
from functions.state.models import Instance

UpdateCall = Call[InstanceUpdate, None]
Value = TypeVar("Value")
MARKS_SINCE = 1
"""N of the microversion 1.N that has tags and deletion_protection."""
SINCE = {"tags": MARKS_SINCE, "deletion_protection": MARKS_SINCE}
"""N of the microversion 1.N from which an attribute is there."""


def update_instance(call: UpdateCall) -> Reply:
    """Accept a change.

    Raises:
        BadRequest: several attributes besides the name, one that the microversion does not have, a null where none is.
        NotFound, Busy, NotSupported.
    """
    caller = on_behalf_of_owner(call)
    instance = instances.get(caller.project_id, instance_id_of(call))
    named = call.body.instance.model_fields_set
    attributes = sorted(named - {"name"})
    if len(attributes) > 1:
        raise BadRequest(f"Only one attribute besides the name can be changed at a time, not {', '.join(attributes)}.")
    for attribute in attributes or ([] if named else ["configuration"]):
        if call.minor < SINCE.get(attribute, 0):
            raise BadRequest(
                f"Validation error: instance Additional properties are not allowed ('{attribute}' was unexpected)"
            )
        UPDATES[attribute](call, instance, caller)
    if "name" in named:
        instance_marks.mark(caller.project_id, instance.id, {"name": _present("name", call.body.instance.name)})
    return None


def _access(call: UpdateCall, instance: Instance, caller: Caller) -> None:
    asked = _present("access", call.body.instance.access)
    values = {name: _present(f"access {name}", getattr(asked, name)) for name in asked.model_fields_set}
    if "allowed_cidrs" in values:
        values["allowed_cidrs"] = [cidr(text) for text in values["allowed_cidrs"]]
    launch(instance_changes.accept_access(instance.id, values, caller))


def _datastore_version(call: UpdateCall, instance: Instance, caller: Caller) -> None:
    own = offer_of(instance.datastore_version_id)
    named = _present("datastore_version", call.body.instance.datastore_version)
    version = own.version
    if named not in (own.version.id, own.version.name):
        version = _successor(own, find_offer(named, own.datastore))
    launch(instance_changes.accept_upgrade(instance, version.id, caller))


def _successor(own: Offer, other: Offer) -> DatastoreVersion:
    """The other version. Raises BadRequest when it does not take over the data of the instance's own."""
    if own.version.name not in other.version.upgrades_from:
        takes = " and ".join(other.version.upgrades_from) or "no other version"
        raise BadRequest(
            f"{own.datastore.name} {own.version.name} cannot be upgraded to {other.version.name}, which takes over the"
            f" data of {takes}."
        )
    return other.version


def _configuration(call: UpdateCall, instance: Instance, caller: Caller) -> None:
    reference = call.body.instance.configuration
    if reference:
        attach(instance, reference, caller)
    else:
        detach(instance, caller)


def _replica_of(call: UpdateCall, instance: Instance, _caller: Caller) -> None:
    if call.body.instance.replica_of or call.body.instance.slave_of:
        raise NotSupported("Replication is not supported yet.")
    raise BadRequest(f"Instance {instance.id} is not a replica.")


def _mark(name: str) -> Callable[[UpdateCall, Instance, Caller], None]:
    def mark(call: UpdateCall, instance: Instance, caller: Caller) -> None:
        value = _present(name, getattr(call.body.instance, name))
        value = list(dict.fromkeys(value)) if isinstance(value, list) else value
        instance_marks.mark(caller.project_id, instance.id, {name: value})

    return mark


def _present(name: str, value: Value | None) -> Value:
    if value is None:
        raise BadRequest(f"Validation error: instance {name} must not be null")
    return value


UPDATES: Mapping[str, Callable[[UpdateCall, Instance, Caller], None]] = {
    "access": _access,
    "datastore_version": _datastore_version,
    "configuration": _configuration,
    "replica_of": _replica_of,
    "slave_of": _replica_of,
    "tags": _mark("tags"),
    "deletion_protection": _mark("deletion_protection"),
}
