"""Leases: only one of several calls of a step at once makes an effect that must not be made twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from functions.base.clock import now
from functions.base.settings import get_settings
from functions.state.database import transaction
from functions.state.operations.context import TaskContext
from functions.state.operations.models import OperationTask


@contextmanager
def held(context: TaskContext) -> Iterator[bool]:
    """Hold the lease of the task's line in the block, without locking a row; yield False if another call has it."""
    with transaction() as session:
        line = session.get_one(OperationTask, context.line, with_for_update=True)
        mine = line.leased_until is None or line.leased_until < now()
        if mine:
            line.leased_until = now() + timedelta(seconds=get_settings().step_lease_seconds)
    try:
        yield mine
    finally:
        if mine:
            with transaction() as session:
                session.get_one(OperationTask, context.line, with_for_update=True).leased_until = None
