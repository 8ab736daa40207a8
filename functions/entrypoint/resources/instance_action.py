"""The actions of an instance. The body's one key names the action.

action                                         from   policy                                     otherwise
restart                                        1.0    instance:restart
resize {flavorRef}, resize {volume}            1.0    instance:resize_flavor, .._volume
reset_status                                   1.0    instance:reset_status (administrators)     403
promote_to_replica_source                      1.0    instance:promote_to_replica_source         400: no replica
eject_replica_source                           1.0    instance:eject_replica_source              400: no source, healthy
stop, start                                    1.1    instance:stop, instance:start              400 before 1.1
rebuild_replica                                1.2    instance:rebuild_replica                   400: no replica
roll {restart}, {resize}, {upgrade}            1.2    those of the change of one instance        400: no source
"""

from collections.abc import Callable, Mapping

from functions.base.errors import BadRequest
from functions.entrypoint import policy
from functions.entrypoint.api_request import ApiRequest, ResponseBody
from functions.entrypoint.models import InstanceAction, NewSize, NewVolume
from functions.entrypoint.resources.instance_owner import instance_id_of, on_behalf_of_owner
from functions.entrypoint.resources.new_instance import allowed_size, flavor_of
from functions.operations import (
    group_failover,
    group_roll,
    instance_resize,
    instance_resize_volume,
    instance_restart,
    instance_start,
    instance_stop,
    replica_promote,
    replica_rejoin,
)
from functions.operations.group_roll import Change
from functions.operations.parts.launch import launch
from functions.state.instances import instances, marks
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation

ActionRequest = ApiRequest[InstanceAction, None]
SINCE = {"stop": 1, "start": 1, "rebuild_replica": 2, "roll": 2}
"""N of the first microversion 1.N that has the action; 0 if not listed."""


def act_on_instance(request: ActionRequest) -> ResponseBody:
    """Accept an action.

    Raises:
        BadRequest: the body names no or several actions, or one that the microversion lacks.
        Forbidden, NotFound, Busy, QuotaExceeded, NotSupported.
    """
    caller = on_behalf_of_owner(request)
    instances.get(caller.project_id, instance_id_of(request))
    name = require_one("action", request.body.model_fields_set)
    if request.minor < SINCE.get(name, 0):
        raise BadRequest(f"There is no action '{name}' before microversion 1.{SINCE[name]}.")
    operation = ACTIONS[name](request, caller)
    if operation is not None:
        launch(operation)
    return None


def require_one(kind: str, named: set[str]) -> str:
    """Return the only name of a set. Raises BadRequest if there are none or several."""
    if len(named) != 1:
        said = ", ".join(sorted(named)) or "none"
        raise BadRequest(f"The body must name exactly one {kind}; it names {said}.")
    return next(iter(named))


def _restart(request: ActionRequest, caller: Caller) -> Operation:
    policy.enforce("instance:restart", request.identity)
    return instance_restart.accept_restart(instance_id_of(request), caller)


def _resize(request: ActionRequest, caller: Caller) -> Operation:
    asked = request.body.resize
    if asked is None:
        raise BadRequest("Validation error: resize is not of type 'object'")
    what = require_one("new size", asked.model_fields_set)
    if what == "flavor_ref":
        policy.enforce("instance:resize_flavor", request.identity)
        return instance_resize.accept_resize(instance_id_of(request), flavor_of(asked.flavor_ref), caller)
    policy.enforce("instance:resize_volume", request.identity)
    return instance_resize_volume.accept_resize_volume(instance_id_of(request), _volume_size(asked), caller)


def _volume_size(asked: NewSize) -> int:
    volume = asked.volume
    if volume is None:
        raise BadRequest("Validation error: resize['volume'] is not of type 'object'")
    return allowed_size(int(volume.size) if isinstance(volume, NewVolume) else volume)


def _stop(request: ActionRequest, caller: Caller) -> Operation:
    policy.enforce("instance:stop", request.identity)
    return instance_stop.accept_stop(instance_id_of(request), caller)


def _start(request: ActionRequest, caller: Caller) -> Operation:
    policy.enforce("instance:start", request.identity)
    return instance_start.accept_start(instance_id_of(request), caller)


def _reset_status(request: ActionRequest, _caller: Caller) -> None:
    policy.enforce("instance:reset_status", request.identity)
    marks.reset_to_error(instance_id_of(request))


def _promote(request: ActionRequest, caller: Caller) -> Operation:
    policy.enforce("instance:promote_to_replica_source", request.identity)
    return replica_promote.accept_promote(instance_id_of(request), caller)


def _eject(request: ActionRequest, caller: Caller) -> Operation:
    policy.enforce("instance:eject_replica_source", request.identity)
    return group_failover.accept_eject(instance_id_of(request), caller)


def _rebuild(request: ActionRequest, caller: Caller) -> Operation:
    policy.enforce("instance:rebuild_replica", request.identity)
    return replica_rejoin.accept_rebuild(instance_id_of(request), caller)


def _roll(request: ActionRequest, caller: Caller) -> Operation:
    asked = request.body.roll
    if asked is None:
        raise BadRequest("Validation error: roll is not of type 'object'")
    what = require_one("change", asked.model_fields_set)
    change, rule = ROLLS[what]
    policy.enforce(rule, request.identity)
    flavor = flavor_of(asked.resize.flavor_ref) if asked.resize is not None else None
    return group_roll.accept_roll(instance_id_of(request), change, caller, flavor)


ROLLS = {
    "restart": (Change.RESTART, "instance:restart"),
    "resize": (Change.RESIZE, "instance:resize_flavor"),
    "upgrade": (Change.UPGRADE, "instance:update"),
}
"""The changes of a whole group, with the policy of the change of one instance."""
ACTIONS: Mapping[str, Callable[[ActionRequest, Caller], Operation | None]] = {
    "restart": _restart,
    "resize": _resize,
    "stop": _stop,
    "start": _start,
    "reset_status": _reset_status,
    "promote_to_replica_source": _promote,
    "eject_replica_source": _eject,
    "rebuild_replica": _rebuild,
    "roll": _roll,
}
