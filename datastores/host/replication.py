"""The jobs and calls of a replication group's members: each checks the epoch, keeps what the server is from then on,
and has the engine be so.

What is kept comes first where it takes a right away (to write), and where a repetition ends what was begun.
"""

from __future__ import annotations

import time
from dataclasses import replace

from datastores.host import backups, certificate, files, maintenance, membership
from datastores.host.engine import Engine
from datastores.host.errors import BadRequest, NotRunning
from datastores.host.membership import Membership
from datastores.host.progress import Progress
from datastores.host.roles.backups import Backups
from datastores.host.roles.replication import CannotRejoin, Replication
from datastores.host.roles.server import Server
from datastores.host.tempurl import Store
from datastores.protocol.engine import EngineReport
from datastores.protocol.message import Done
from datastores.protocol.replication import (
    AcceptWrites,
    Admit,
    Awaited,
    AwaitPosition,
    Confirm,
    Detach,
    Fence,
    Follow,
    MemberPosition,
    MemberRole,
    MemberState,
    Promote,
    Rejoin,
    Rejoined,
    Replicate,
    ReplicationState,
    StopWrites,
    Synchronous,
)

_LOOK_SECONDS = 0.05
NOWHERE = MemberPosition(0, 0, 0)


def replication_state(engine: Engine, _asked: ReplicationState) -> MemberState:
    """How the member is."""
    role, place = Replication.of(engine), membership.read(engine.facts)
    if not Server.of(engine).running():
        return state(place, running=False)
    return role.observe(place)


def state(place: Membership, *, running: bool) -> MemberState:
    """What is known without asking the server."""
    return MemberState(
        place.role,
        place.epoch,
        place.role_epoch,
        running,
        guarded=place.guarded,
        following=place.primary.id if place.primary else None,
    )


def await_position(engine: Engine, asked: AwaitPosition) -> Awaited:
    """Wait until the member has replayed a position."""
    role, limit = Replication.of(engine), time.monotonic() + asked.seconds
    _require_running(engine)
    while not _reached(position := role.position(), asked) and time.monotonic() < limit:
        time.sleep(_LOOK_SECONDS)
    return Awaited(_reached(position, asked), position)


def admit(engine: Engine, asked: Admit) -> Done:
    """Let members follow, and no others."""
    role = Replication.of(engine)
    _require_running(engine)
    with membership.locked(engine.facts):
        place = replace(_place(engine), me=asked.me)
        if place.role == MemberRole.PRIMARY:
            place.require_primary(asked.epoch)
        replica = place.role == MemberRole.REPLICA
        place = place.told(asked.epoch) if replica else place.as_primary(asked.epoch, guarded=asked.guarded)
        membership.write(engine.facts, place)
        role.admit(place, asked.credential, asked.members)
    return Done()


def follow(engine: Engine, asked: Follow) -> Done:
    """Follow a primary."""
    role = Replication.of(engine)
    _require_data(engine)
    with membership.locked(engine.facts):
        place = _place(engine).as_replica(asked.epoch, asked.me, asked.primary)
        role.follow(asked.me, asked.primary, asked.credential)
        membership.write(engine.facts, place)
    return Done()


def fence(engine: Engine, asked: Fence) -> MemberPosition:
    """Stop following, or taking writes, under an epoch."""
    role = Replication.of(engine)
    with membership.locked(engine.facts):
        place = replace(_place(engine).told(asked.epoch), primary=None)
        membership.write(engine.facts, place)
        if place.role == MemberRole.REPLICA:
            role.stop_following()
        elif not place.may_write:
            role.stop_writes()
        return role.position() if Server.of(engine).running() else NOWHERE


def promote(engine: Engine, asked: Promote) -> MemberPosition:
    """Take writes."""
    role = Replication.of(engine)
    _require_data(engine)
    with membership.locked(engine.facts):
        place = _place(engine)
        if place.role == MemberRole.ALONE:
            raise BadRequest("this server is a member of no group")
        membership.write(engine.facts, place.as_primary(asked.epoch, guarded=asked.guarded))
        role.promote(asked.epoch)
        return role.position()


def stop_writes(engine: Engine, asked: StopWrites) -> MemberPosition:
    """Take no more writes."""
    role = Replication.of(engine)
    with membership.locked(engine.facts):
        place = _place(engine).told(asked.epoch)
        if place.role != MemberRole.PRIMARY:
            raise BadRequest("this member is not the primary")
        membership.write(engine.facts, place)
        role.stop_writes()
        return role.position() if Server.of(engine).running() else NOWHERE


def accept_writes(engine: Engine, asked: AcceptWrites) -> Done:
    """Take writes again."""
    role = Replication.of(engine)
    with membership.locked(engine.facts):
        place = _place(engine)
        place.require_epoch(asked.epoch)
        if place.role != MemberRole.PRIMARY:
            raise BadRequest("this member is not the primary")
        membership.write(engine.facts, place.as_primary(asked.epoch, guarded=place.guarded))
        role.accept_writes(asked.epoch)
    return Done()


def confirm(engine: Engine, asked: Confirm) -> Done:
    """Have a primary that started at the host's boot take writes."""
    role = Replication.of(engine)
    with membership.locked(engine.facts):
        _place(engine).require_primary(asked.epoch)
        role.accept_writes(asked.epoch)
    return Done()


def synchronous(engine: Engine, asked: Synchronous) -> Done:
    """Have writes wait for replicas."""
    role = Replication.of(engine)
    _require_running(engine)
    with membership.locked(engine.facts):
        membership.write(engine.facts, _place(engine).told(asked.epoch))
        role.synchronous(asked.quorum, asked.members)
    return Done()


def detach(engine: Engine, asked: Detach) -> Done:
    """Leave the group."""
    role = Replication.of(engine)
    _require_running(engine)
    with membership.locked(engine.facts):
        _place(engine).require_epoch(asked.epoch)
        role.detach()
        membership.leave(engine.facts)
    return Done()


def replicate(engine: Engine, asked: Replicate, progress: Progress) -> EngineReport:
    """A copy of another member's data that follows the primary."""
    role, server, facts = Replication.of(engine), Server.of(engine), engine.facts
    progress.phase("install")
    server.install()
    if _gives_up_data(engine, asked):
        server.stop()
        files.remove_tree(engine.node.data)
        progress.phase("copy")
        _copy(engine, asked, progress)
    maintenance.set_up(engine, asked, progress)
    progress.phase("follow")
    with membership.locked(facts):
        place = _place(engine).as_replica(asked.epoch, asked.me, asked.primary)
        role.follow(asked.me, asked.primary, asked.credential)
        membership.write(facts, place)
    role.await_copy(progress)
    with membership.locked(facts):
        place = _place(engine)
        place.require_epoch(asked.epoch)
        membership.write(facts, replace(place, seed=asked.seed))
    return certificate.report(engine, asked.tls, version=server.status().version)


def _gives_up_data(engine: Engine, asked: Replicate) -> bool:
    """Whether the data came by another copy; then they are a primary's no more. Raises BadRequest, StaleEpoch."""
    with membership.locked(engine.facts):
        place = _place(engine)
        _require_no_primary(place, asked.epoch)
        if place.seed == asked.seed:
            return False
        nobodys = replace(place.as_replica(asked.epoch, asked.me, asked.primary), primary=None, seed=None)
        membership.write(engine.facts, nobodys)
    return True


def _copy(engine: Engine, asked: Replicate, progress: Progress) -> None:
    role = Replication.of(engine)
    certificate.deliver(engine.facts, asked.tls)  # the source is known by its authority
    if asked.download:
        Backups.of(engine).restore(backups.layers(engine, [Store(prefix) for prefix in asked.download], progress))
        role.begin_from_backup()
    else:
        role.seed(asked.me, asked.source, asked.credential, progress)


def rejoin(engine: Engine, asked: Rejoin, progress: Progress) -> Rejoined:
    """Have a member that went another way follow a primary."""
    role, server, facts = Replication.of(engine), Server.of(engine), engine.facts
    _require_data(engine)
    with membership.locked(facts):
        place = _place(engine)
        _require_no_primary(place, asked.epoch)
        membership.write(facts, replace(place.told(asked.epoch), primary=None))
    progress.phase("stop")
    server.stop()
    maintenance.set_up(engine, asked, progress)
    progress.phase("rejoin")
    with membership.locked(facts):
        place = _place(engine)
        place.require_epoch(asked.epoch)
        try:
            discarded = role.rejoin(place, asked.me, asked.primary, asked.credential)
        except CannotRejoin as error:
            return Rejoined(following=False, reason=str(error))
        membership.write(facts, place.as_replica(asked.epoch, asked.me, asked.primary))
    report = certificate.report(engine, asked.tls, version=server.status().version)
    return Rejoined(following=True, discarded=discarded, report=report)


def require_epoch(engine: Engine, epoch: int | None) -> None:
    """Raise StaleEpoch for work under an epoch that is over; None is no epoch."""
    if epoch is not None:
        _place(engine).require_epoch(epoch)


def require_writes(engine: Engine) -> None:
    """Raise BadRequest on a member that takes no writes of anybody."""
    if engine.version.accounts_replicate and membership.read(engine.facts).role == MemberRole.REPLICA:
        raise BadRequest("this instance is a replica, which takes no changes of its own: change the group's primary")


def _require_no_primary(place: Membership, epoch: int) -> None:
    """Raise BadRequest for the primary of an epoch, StaleEpoch for one that is over."""
    place.require_epoch(epoch)
    if place.role == MemberRole.PRIMARY and place.role_epoch == epoch:
        raise BadRequest(f"this member is the primary of epoch {epoch}, whose data are not given up")


def _place(engine: Engine) -> Membership:
    return membership.read(engine.facts)


def _reached(position: MemberPosition, asked: AwaitPosition) -> bool:
    return (position.history, position.replayed) >= (asked.history, asked.replayed)


def _require_running(engine: Engine) -> None:
    if not Server.of(engine).running():
        raise NotRunning("the database does not run: restart the instance")


def _require_data(engine: Engine) -> None:
    if not engine.node.data.exists():
        raise NotRunning("there is no database on this host")
