"""What the health probe found of a member of a group."""

from datetime import datetime, timedelta
from typing import Self

from pydantic import BaseModel

from datastores.protocol.replication import MemberState
from functions.base.clock import now


class Observation(BaseModel):
    """A member as it was at a time, and when it last heard of its primary."""

    at: datetime
    member: MemberState
    last_contact: datetime | None = None

    @classmethod
    def made(cls, member: MemberState, before: Self | None) -> Self:
        """Return the observation of a member now; the last contact stays as it was `before` if the member had none."""
        at = now()
        contact = before.last_contact if before else None
        if member.contact_seconds is not None:
            contact = at - timedelta(seconds=member.contact_seconds)
        elif member.connected:
            contact = at
        return cls(at=at, member=member, last_contact=contact)
