"""What a server is in its replication group: kept on the volume, for it goes with the data.

Invariant: the epoch that is kept never decreases but by `leave`, and whoever acts on it holds `locked` meanwhile.
"""

from __future__ import annotations

import shlex
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

from datastores.host import files
from datastores.host.errors import BadRequest, StaleEpoch
from datastores.host.facts import Facts
from datastores.protocol.replication import Member, MemberRole

_PERMIT_SECONDS = 60


@dataclass(frozen=True)
class Membership:
    """A server's place. `role_epoch` gave it its role, `epoch` is the highest that it was told; `primary` is whom it is
    to follow, None once it was told to stop; `seed` names the copy that its data came by."""

    role: MemberRole = MemberRole.ALONE
    epoch: int = 0
    role_epoch: int = 0
    me: Optional[Member] = None
    primary: Optional[Member] = None
    seed: Optional[str] = None
    guarded: bool = False

    @property
    def may_write(self) -> bool:
        """Whether nothing that it was told forbids it to take writes."""
        primary = self.role == MemberRole.PRIMARY and self.role_epoch == self.epoch
        return primary or self.role == MemberRole.ALONE

    def require_epoch(self, asked: int) -> None:
        """Raise StaleEpoch for an epoch that is over."""
        if asked < self.epoch:
            raise StaleEpoch(f"epoch {asked} of the group is over: this member knows epoch {self.epoch}")

    def require_primary(self, asked: int) -> None:
        """Raise BadRequest unless this epoch made it the primary; raises StaleEpoch."""
        self.require_epoch(asked)
        if self.role != MemberRole.PRIMARY or not asked == self.epoch == self.role_epoch:
            raise BadRequest(f"this member is not the primary of epoch {asked}")

    def told(self, epoch: int) -> Membership:
        """The same with an epoch that it was told. Raises StaleEpoch."""
        self.require_epoch(epoch)
        return replace(self, epoch=epoch)

    def as_primary(self, epoch: int, *, guarded: bool) -> Membership:
        """The primary of an epoch."""
        told = self.told(epoch)
        return replace(told, role=MemberRole.PRIMARY, role_epoch=epoch, primary=None, guarded=guarded)

    def as_replica(self, epoch: int, me: Member, primary: Member) -> Membership:
        """A replica that follows a primary."""
        told = self.told(epoch)
        return replace(
            told, role=MemberRole.REPLICA, role_epoch=epoch, me=me, primary=primary, guarded=False
        )  # fmt: skip


def read(facts: Facts) -> Membership:
    """The place that is kept; ALONE where there is none."""
    return files.read_message(_file(facts), Membership) or Membership()


def write(facts: Facts, membership: Membership) -> None:
    """Keep a place, also through a loss of power."""
    files.write_message(_file(facts), membership)
    mark = _mark(facts)
    if membership.role == MemberRole.PRIMARY and (membership.guarded or not membership.may_write):
        files.write_text(mark, "")
        facts.chown(mark)
    else:
        mark.unlink(missing_ok=True)
    files.sync(facts.data)


def leave(facts: Facts) -> None:
    """Forget the group."""
    _file(facts).unlink(missing_ok=True)
    _mark(facts).unlink(missing_ok=True)
    files.sync(facts.data)


def permit(facts: Facts) -> None:
    """Let the next run of the boot script, within a minute, have a guarded server take writes: a job runs it, not the
    host's boot."""
    if read(facts).may_write:
        files.write_text(_permit(facts), "")
        facts.chown(_permit(facts))


def unless_permitted(facts: Facts, hold_back: str) -> str:
    """Shell text for a boot script: run `hold_back`, a command, where the server must not take writes at its start."""
    mark, permitted = (shlex.quote(str(path)) for path in (_mark(facts), _permit(facts)))
    return f"""\
permitted() {{ [ -n "$(find {permitted} -newermt '-{_PERMIT_SECONDS} seconds' 2>/dev/null)" ]; }}
if [ -e {mark} ] && ! permitted; then {hold_back}; fi
rm -f {permitted}"""


def locked(facts: Facts) -> AbstractContextManager[None]:
    """Hold the place within the block: one change of it after another."""
    return files.locked(facts.jobs / ".membership.lock")


def _mark(facts: Facts) -> Path:
    """A file that is there where the host's boot must not have the server take writes."""
    return facts.data / "guarded"


def _file(facts: Facts) -> Path:
    return facts.data / "membership.json"


def _permit(facts: Facts) -> Path:
    return facts.run / "start.permit"
