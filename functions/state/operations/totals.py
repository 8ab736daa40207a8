"""Totals of all operations by type and state, without counting every row each time.

Operations that ended before a watermark are counted in `operation_totals`; the sweep advances the watermark. The end of
an operation writes no total, so that operations do not wait for each other.
"""

from collections import Counter
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from functions.base.clock import now
from functions.base.settings import get_settings
from functions.base.statuses import ACTIVE_STATES
from functions.state.database import transaction
from functions.state.operations.models import Operation, OperationTotal, Watermark

WATERMARK = "operations_counted"
"""Name of the watermark before which operations are counted."""


def count(session: Session) -> Counter[tuple[str, ...]]:
    """Return the number of operations by type and state. The session must read one snapshot."""
    mark = session.get_one(Watermark, WATERMARK)
    found = Counter[tuple[str, ...]]()
    for total in session.scalars(select(OperationTotal)):
        found[total.type, total.state] = total.number
    found += _counted(session, Operation.ended >= mark.at)
    return found + _counted(session, Operation.state.in_(ACTIVE_STATES))


def move_watermark() -> None:
    """Advance the watermark to `totals_margin_seconds` ago; add the operations that ended before it to the totals."""
    until = now() - timedelta(seconds=get_settings().totals_margin_seconds)
    with transaction() as session:
        mark = session.get_one(Watermark, WATERMARK, with_for_update=True)
        if until <= mark.at:
            return
        for (kind, state), number in _counted(session, Operation.ended >= mark.at, Operation.ended < until).items():
            total = session.get(OperationTotal, (kind, state))
            if total is None:
                session.add(OperationTotal(type=kind, state=state, number=number))
            else:
                total.number += number
        mark.at = until


def _counted(session: Session, *which: ColumnElement[bool]) -> Counter[tuple[str, ...]]:
    kinds = (Operation.type, Operation.state)
    query = select(*kinds, func.count()).where(*which).group_by(*kinds)
    return Counter({(kind, state): number for kind, state, number in session.execute(query).tuples()})
