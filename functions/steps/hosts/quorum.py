"""A synchronous primary that has too few replicas, in a group whose tenant wants it to go on: its writes wait for none.

The row says so before it is so, and until enough replicas have all that was written alone: in between, a failover by
itself would lose acknowledged writes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from datastores.protocol.replication import MemberPosition, MemberState, Synchronous
from datastores.protocol.turns import Lock, Turn
from functions.base.errors import TroveError
from functions.base.logs import get_logger
from functions.base.settings import get_settings
from functions.framework.step import StepContext
from functions.hostlink import host
from functions.state.groups import watching
from functions.state.groups.models import Group
from functions.state.groups.policy import BelowQuorum
from functions.state.instances.models import Instance
from functions.steps.hosts import member


@dataclass
class Quorum:
    """What the looks at one group have found: how many in turn saw too few replicas, and since when all count again."""

    ask: Callable[[Instance], MemberState | None]
    limited: Callable[[], StepContext]
    short: int = 0
    acknowledgements: int | None = None
    """How many the primary had at the last look."""
    from_here: MemberPosition | None = None
    """Where the primary's log was when its writes waited for replicas again."""

    def look(self, group: Group, primary: Instance, replicas: list[Instance], state: MemberState) -> None:
        """Have the primary go on alone, or wait for its replicas again, as what was seen of it demands."""
        wanted, goes_on = group.policy.copies(len(replicas)), group.policy.below_quorum == BelowQuorum.CONTINUE
        if not wanted or not state.writable:
            return
        connected = sum(follower.connected for follower in state.followers)
        enough = connected >= wanted and not self._is_stalled(state)
        self.short = 0 if enough else self.short + 1
        if enough and group.alone_since is not None:
            self._come_back(group, primary, replicas, state)
        elif goes_on and self.short >= get_settings().watch_silent_looks:
            self._go_on(group, primary, state)

    def _is_stalled(self, state: MemberState) -> bool:
        """Whether writes wait, and no replica has acknowledged any since the last look: those that count as connected
        may stand still."""
        before, self.acknowledgements = self.acknowledgements, state.acknowledgements
        return state.waiting > 0 and before is not None and before == state.acknowledgements

    def _go_on(self, group: Group, primary: Instance, state: MemberState) -> None:
        self.from_here = None
        if group.alone_since is None and not watching.record_alone(group):
            return
        if state.quorum:
            self._tell(group, primary, 0)

    def _come_back(self, group: Group, primary: Instance, replicas: list[Instance], state: MemberState) -> None:
        wanted = group.policy.copies(len(replicas))
        seen = [found.position for found in map(self.ask, replicas) if found is not None and found.connected]
        if len(seen) < wanted:
            return
        if state.quorum != wanted:
            self._tell(group, primary, wanted)
            return
        self.from_here = self.from_here or state.position
        if self.from_here is None:
            return
        have = [at for at in seen if at is not None and at.history == self.from_here.history]
        if sum(at.received >= self.from_here.received for at in have) >= wanted:
            watching.record_together(group)
            self.from_here = None

    def _tell(self, group: Group, primary: Instance, copies: int) -> None:
        """Tell the primary for how many replicas its writes wait; one that does not answer is told at the next look."""
        its_host, version_id = primary.host, primary.datastore_version_id
        if its_host is None:
            return
        asked = Synchronous(group.epoch, copies, member.others(group, primary.id))
        try:
            host.call(its_host, version_id, self.limited(), asked, Turn(its_host.fence, Lock.MEMBERSHIP))
        except TroveError as error:
            get_logger().warning("the primary was not told", group_id=group.id, copies=copies, reason=error.message)
        else:
            get_logger().warning("writes wait for other replicas", group_id=group.id, copies=copies)
