"""The watch over groups whose failover is automatic, or whose primary is to go on when replicas are too few. Mistral's
cron calls it; where there is no such group, it ends at once.

A primary answers as long as its database runs, whatever it says: that it has too many clients, or that its disk is
full. It is lost when it is silent, look after look, and no replica that answers has heard of it lately either. While no
replica answers, it is the watch that is cut off.
"""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from datastores.protocol.engine import Status
from datastores.protocol.replication import Confirm, MemberPosition, MemberState, ReplicationState
from datastores.protocol.turns import Lock, Turn
from functions.base.errors import EngineRefused, TroveError
from functions.base.logs import get_logger
from functions.base.settings import get_settings
from functions.base.statuses import InstanceStatus
from functions.framework.step import Nothing, StepContext, StepResult, step
from functions.hostlink import host
from functions.state.database import transaction
from functions.state.groups import groups, watching
from functions.state.groups.models import Group
from functions.state.hosts.models import Host
from functions.state.instances.models import Instance
from functions.state.operations import operations
from functions.steps.hosts.quorum import Quorum


class Watched(StepResult):
    """How many groups were watched, and how many have lost their primary."""

    watched: int
    lost: int


@dataclass(frozen=True)
class _Look:
    """What a look at a primary found."""

    answers: bool
    state: MemberState | None = None

    @property
    def position(self) -> MemberPosition | None:
        """How far its log is, if it says so."""
        return self.state.position if self.state else None


@dataclass(frozen=True)
class _Members:
    """The members of a group, and whether an operation has the primary for itself, or replaces it."""

    primary: Instance
    replicas: list[Instance]
    busy: bool
    failing_over: bool

    @property
    def is_awaited(self) -> bool:
        """Whether the primary should answer: its tenant has not stopped it, and it is not being replaced."""
        return not self.failing_over and self.primary.status != InstanceStatus.SHUTDOWN


@step("watch.look", audience="sweep")
def look(_request: Nothing, context: StepContext) -> Watched:
    """Look at the primaries until `watch_run_seconds` have passed, or one is lost, and store that."""
    if not watching.is_needed():
        return Watched(watched=0, lost=0)
    run = _Run(context, time.monotonic() + min(get_settings().watch_run_seconds, context.seconds_left / 2))
    with ThreadPoolExecutor(get_settings().watch_groups_at_once, thread_name_prefix="watch") as pool:
        watches = list(run.begin(pool))
    return Watched(watched=len(watches), lost=sum(map(_has_lost, watches)))


class _Run:
    """One run, which ends as soon as a primary is lost: others take over its groups."""

    def __init__(self, context: StepContext, ends: float) -> None:
        self._context, self._ends = context, ends

    def begin(self, pool: ThreadPoolExecutor) -> Iterator["Future[bool]"]:
        """Claim groups that no other run has, all the time, and watch each in a thread of its own."""
        watched = 0
        while time.monotonic() < self._ends:
            for group_id in watching.claim(get_settings().watch_groups_at_once - watched):
                watched += 1
                yield pool.submit(self._watch, group_id)
            time.sleep(get_settings().watch_interval_seconds)

    def _watch(self, group_id: str) -> bool:
        """Watch one group; return whether its primary is lost."""
        try:
            return self._look_on(group_id)
        finally:
            watching.release(group_id)

    def _look_on(self, group_id: str) -> bool:
        seen, silent_since, silences, quorum = None, None, 0, Quorum(self._ask_replica, self._limited)
        while (begun := time.monotonic()) < self._ends:
            group = watching.renew(group_id, seen)
            if group is None:
                return False
            members = _members_of(group)
            if members is None:
                return False
            found = self._look(group, members.primary) if members.is_awaited else _Look(answers=True)
            seen, silences = found.position, 0 if found.answers else silences + 1
            silent_since = None if found.answers else silent_since or begun
            if found.state and not members.busy:
                quorum.look(group, members.primary, members.replicas, found.state)
            silent = group.policy.automatic and self._is_silent(members, silences, silent_since)
            if silent and self._is_lost(group, members):
                self._ends = 0.0
                return watching.record_loss(group)
            time.sleep(max(0.0, begun + get_settings().watch_interval_seconds - time.monotonic()))
        return False

    def _is_silent(self, members: _Members, silences: int, since: float | None) -> bool:
        settings = get_settings()
        if since is None:
            return False
        if members.busy:
            return time.monotonic() - since > settings.watch_patience_seconds
        return silences >= settings.watch_silent_looks

    def _look(self, group: Group, primary: Instance) -> _Look:
        try:
            state = self._ask(primary)
            if state.running and not state.confirmed and state.role_epoch == state.epoch == group.epoch:
                self._confirm(group, primary, primary.host)
            return _Look(state.running or self._is_full(primary), state)
        except EngineRefused:
            return _Look(answers=True)
        except TroveError as error:
            get_logger().info("the primary is silent", instance_id=primary.id, reason=error.message)
            return _Look(answers=False)

    def _is_lost(self, group: Group, members: _Members) -> bool:
        with ThreadPoolExecutor(len(members.replicas) or 1) as pool:
            answers = [state for state in pool.map(self._ask_replica, members.replicas) if state is not None]
        sees = any(_sees(state, members.primary) for state in answers)
        lost = bool(answers) and not sees
        get_logger().warning("the primary is silent", group_id=group.id, replicas=len(answers), seen=sees, lost=lost)
        return lost

    def _ask_replica(self, replica: Instance) -> MemberState | None:
        try:
            return self._ask(replica)
        except TroveError:
            return None

    def _ask(self, instance: Instance) -> MemberState:
        return host.ask(instance, self._limited(), ReplicationState())

    def _is_full(self, primary: Instance) -> bool:
        """Whether the database has stopped for a reason that no other member cures."""
        return host.ask(primary, self._limited(), Status()).problem is not None

    def _confirm(self, group: Group, primary: Instance, its_host: Host | None) -> None:
        """Have a primary take writes that has waited for that since its host's boot."""
        if its_host is not None:
            turn = Turn(its_host.fence, Lock.MEMBERSHIP)
            host.call(its_host, primary.datastore_version_id, self._limited(), Confirm(group.epoch), turn)

    def _limited(self) -> StepContext:
        return replace(self._context, deadline=time.monotonic() + get_settings().watch_look_seconds)


def _sees(replica: MemberState, primary: Instance) -> bool:
    heard = replica.contact_seconds
    recently = heard is None or heard <= get_settings().watch_contact_seconds
    return replica.connected and replica.following == primary.id and recently


def _has_lost(watch: "Future[bool]") -> bool:
    """Whether a watch that has ended found its primary lost; one that crashed says nothing of the others."""
    if error := watch.exception():
        get_logger().error("watch crashed", error=repr(error))
        return False
    return watch.result()


def _members_of(group: Group) -> _Members | None:
    """Return the members as their rows are now, None if the primary's deletion has just ended."""
    with transaction() as session:
        members = groups.members(session, [group.id])
        held = [lock for _operation, lock in operations.holding(session, str(group.primary_id))]
    primary = next((member for member in members if member.id == group.primary_id), None)
    if primary is None:
        return None
    replicas = [member for member in members if member is not primary]
    return _Members(primary, replicas, Lock.EXCLUSIVE in held, Lock.FAILOVER in held)
