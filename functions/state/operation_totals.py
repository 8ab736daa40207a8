"""How many operations there have been, by type and state, without counting the history each time.

Ended operations before a watermark are numbers in `operation_totals`; the sweep moves the watermark on. Nothing is
written for it when an operation ends, so that operations do not wait for each other.
"""

from collections import Counter
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from functions.runtime.clock import now
from functions.state.database import transaction
from functions.state.models import ACTIVE_STATES, Operation, OperationTotal, Watermark

WATERMARK = "operations_counted"
MARGIN = timedelta(minutes=5)
"""The watermark stays so far behind: a transaction that ends an operation is committed by then, whatever the clock."""


def count(session: Session) -> Counter[tuple[str, ...]]:
    """Operations by type and state. The session must read one snapshot."""
    mark = session.get_one(Watermark, WATERMARK)
    found = Counter[tuple[str, ...]]()
    for total in session.scalars(select(OperationTotal)):
        found[total.type, total.state] = total.number
    found += _counted(session, Operation.ended >= mark.at)
    return found + _counted(session, Operation.state.in_(ACTIVE_STATES))


def move_watermark() -> None:
    """Add what has ended since the last time to the totals."""
    until = now() - MARGIN
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
