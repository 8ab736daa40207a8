"""Idempotency keys: a mutating request repeated under its key gets the first answer and has no second effect.

A key is claimed before the effect. The operation that a request accepts is tied to the key in the same transaction, so
that a request cut short before that can be carried out again, and one cut short later is not. Answers are sealed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from functions.base.clock import now
from functions.base.errors import Busy, Conflict
from functions.base.seal import seal, unseal
from functions.base.settings import get_settings
from functions.state.database import transaction
from functions.state.idempotency.models import IdempotencyKey


@dataclass(frozen=True)
class KeyedRequest:
    """A request with a key; the fingerprint is a digest of its method, path and body."""

    project_id: str
    key: str
    fingerprint: str


@dataclass(frozen=True)
class FirstAnswer:
    """The answer to the first request under a key."""

    reply: Any


def claim(request: KeyedRequest) -> FirstAnswer | None:
    """Claim the key and return None; return the first answer if the request was answered before.

    Raises:
        Busy: the key was used for another request (422).
        Conflict: the first request under the key is still being answered, or was accepted and its answer was lost.
    """
    try:
        with transaction() as session:
            _forget_old(session, request)
            session.add(IdempotencyKey(project_id=request.project_id, key=request.key, fingerprint=request.fingerprint))
    except IntegrityError:
        return _first_answer(request)
    return None


def keep(request: KeyedRequest, reply: Any) -> None:  # noqa: ANN401 - JSON
    """Store the answer for repetitions of the request."""
    with transaction() as session:
        row = session.get_one(IdempotencyKey, (request.project_id, request.key), with_for_update=True)
        row.answer = seal({"reply": reply})


def release(request: KeyedRequest) -> None:
    """Delete the key of a request that was refused and had no effect."""
    with transaction() as session:
        row = session.get(IdempotencyKey, (request.project_id, request.key), with_for_update=True)
        if row is not None and row.operation_id is None:
            session.delete(row)


def forget_expired() -> None:
    """Remove the expired keys in portions, except those that another transaction has locked."""
    portion = get_settings().removal_portion
    expired = select(IdempotencyKey).where(IdempotencyKey.created < _expiry()).order_by(IdempotencyKey.created)
    while True:
        with transaction() as session:
            keys = session.scalars(expired.limit(portion).with_for_update(skip_locked=True)).all()
            for key in keys:
                session.delete(key)
        if len(keys) < portion:
            return


def tie(session: Session, key: tuple[str, str], operation_id: str) -> None:
    """Tie the operation that is being accepted to its request's key, unless the key has one already."""
    row = session.get_one(IdempotencyKey, key, with_for_update=True)
    row.operation_id = row.operation_id or operation_id


def _takeover() -> datetime:
    """Return the time before which a request that has no answer was cut short."""
    return now() - timedelta(seconds=get_settings().idempotency_takeover_seconds)


def _expiry() -> datetime:
    """Return the time before which the answers of requests are not kept."""
    return now() - timedelta(hours=get_settings().idempotency_keep_hours)


def _forget_old(session: Session, request: KeyedRequest) -> None:
    row = session.get(IdempotencyKey, (request.project_id, request.key), with_for_update=True)
    if row is None:
        return
    abandoned = row.answer is None and row.operation_id is None and row.created < _takeover()
    if row.created < _expiry() or (abandoned and row.fingerprint == request.fingerprint):
        session.delete(row)
        session.flush()


def _first_answer(request: KeyedRequest) -> FirstAnswer:
    with transaction() as session:
        row = session.get(IdempotencyKey, (request.project_id, request.key))
    if row is None:
        raise Conflict(f"The first request under Idempotency-Key {request.key} was refused just now: repeat it.")
    if row.fingerprint != request.fingerprint:
        raise Busy(f"Idempotency-Key {request.key} was used for another request: use a new key.")
    if row.answer is not None:
        return FirstAnswer(unseal(row.answer)["reply"])
    if row.operation_id is not None and row.created < _takeover():
        raise Conflict(
            f"The first request under Idempotency-Key {request.key} was accepted as operation {row.operation_id}, "
            "but its answer was lost: show that operation."
        )
    raise Conflict(f"The first request under Idempotency-Key {request.key} is still being answered: repeat it later.")
