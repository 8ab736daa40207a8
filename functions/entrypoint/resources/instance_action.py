"""The actions of an instance: one key of the body names it.

action                                         from   policy                                     otherwise
restart                                        1.0    instance:restart
resize {flavorRef}, resize {volume}            1.0    instance:resize_flavor, .._volume
reset_status                                   1.0    instance:reset_status (administrators)     403
promote_to_replica_source, eject_..            1.0    instance:promote_to_replica_source, ..     400
stop, start                                    1.1    instance:stop, instance:start              400 before 1.1
"""

from collections.abc import Callable, Mapping

from functions.entrypoint import policy
from functions.entrypoint.call import Call, Reply
from functions.entrypoint.models import InstanceAction, NewSize, NewVolume
from functions.entrypoint.resources.instance_target import instance_id_of, on_behalf_of_owner
from functions.entrypoint.resources.new_instance import allowed_size, flavor_of
from functions.launch import launch
from functions.runtime.errors import BadRequest
from functions.state import instance_changes, instance_marks, instances
from functions.state.acceptance import Caller
from functions.state.instance_changes import Size
from functions.state.models import Operation

ActionCall = Call[InstanceAction, None]
SINCE = {"stop": 1, "start": 1}
"""N of the microversion 1.N from which an action is there."""


def act_on_instance(call: ActionCall) -> Reply:
    """Accept an action.

    Raises:
        BadRequest: none or several are named, or one that the microversion does not have.
        Forbidden, NotFound, Busy, QuotaExceeded, NotSupported.
    """
    caller = on_behalf_of_owner(call)
    instances.get(caller.project_id, instance_id_of(call))
    name = single("action", call.body.model_fields_set)
    if call.minor < SINCE.get(name, 0):
        raise BadRequest(f"There is no action '{name}' before microversion 1.{SINCE[name]}.")
    operation = ACTIONS[name](call, caller)
    if operation is not None:
        launch(operation)
    return None


def single(kind: str, named: set[str]) -> str:
    """The one name. Raises BadRequest: there are none or several."""
    if len(named) != 1:
        said = ", ".join(sorted(named)) or "none"
        raise BadRequest(f"The body must name exactly one {kind}; it names {said}.")
    return next(iter(named))


def _restart(call: ActionCall, caller: Caller) -> Operation:
    policy.enforce("instance:restart", call.identity)
    return instances.accept_restart(caller.project_id, instance_id_of(call), caller)


def _resize(call: ActionCall, caller: Caller) -> Operation:
    asked = call.body.resize
    if asked is None:
        raise BadRequest("Validation error: resize is not of type 'object'")
    what = single("new size", asked.model_fields_set)
    if what == "flavor_ref":
        policy.enforce("instance:resize_flavor", call.identity)
        flavor = flavor_of(asked.flavor_ref)
        size = Size(flavor.id, flavor.ram, flavor.vcpus)
        return instance_changes.accept_resize(instance_id_of(call), size, caller)
    policy.enforce("instance:resize_volume", call.identity)
    return instance_changes.accept_resize_volume(instance_id_of(call), _volume_size(asked), caller)


def _volume_size(asked: NewSize) -> int:
    volume = asked.volume
    if volume is None:
        raise BadRequest("Validation error: resize['volume'] is not of type 'object'")
    return allowed_size(int(volume.size) if isinstance(volume, NewVolume) else volume)


def _stop(call: ActionCall, caller: Caller) -> Operation:
    policy.enforce("instance:stop", call.identity)
    return instance_changes.accept_stop(instance_id_of(call), caller)


def _start(call: ActionCall, caller: Caller) -> Operation:
    policy.enforce("instance:start", call.identity)
    return instance_changes.accept_start(instance_id_of(call), caller)


def _reset_status(call: ActionCall, _caller: Caller) -> None:
    policy.enforce("instance:reset_status", call.identity)
    instance_marks.reset_to_error(instance_id_of(call))


def _promote(call: ActionCall, caller: Caller) -> None:
    policy.enforce("instance:promote_to_replica_source", call.identity)
    raise BadRequest(f"Instance {_known(call, caller)} is not a replica.")


def _eject(call: ActionCall, caller: Caller) -> None:
    policy.enforce("instance:eject_replica_source", call.identity)
    raise BadRequest(f"Instance {_known(call, caller)} is not a replica source.")


def _known(call: ActionCall, caller: Caller) -> str:
    """The id of an instance that is there. Raises NotFound."""
    return instances.get(caller.project_id, instance_id_of(call)).id


ACTIONS: Mapping[str, Callable[[ActionCall, Caller], Operation | None]] = {
    "restart": _restart,
    "resize": _resize,
    "stop": _stop,
    "start": _start,
    "reset_status": _reset_status,
    "promote_to_replica_source": _promote,
    "eject_replica_source": _eject,
}
