"""Idempotency keys: a mutating request repeated under its key gets the first answer and has no second effect.

A key is taken before the effect. The operation that a request accepts is tied to its key in the same transaction, so a
request cut short before that can be carried out anew, and one cut short after it is not. Answers are kept sealed.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from functions.runtime.clock import now
from functions.runtime.errors import Busy, Conflict
from functions.runtime.seal import seal, unseal
from functions.state.database import transaction
from functions.state.models import IdempotencyKey

TAKEOVER = timedelta(seconds=60)
"""A request that has not been answered for this long was cut short: its key may be taken over."""
PORTION = 200
"""Keys that one transaction removes."""
KEEP = timedelta(hours=24)
"""How long an answer is kept."""


@dataclass(frozen=True)
class KeyedRequest:
    """A request under a key; the fingerprint stands for its method, path and body."""

    project_id: str
    key: str
    fingerprint: str


@dataclass(frozen=True)
class FirstAnswer:
    """What the first request was answered."""

    reply: Any


def claim(request: KeyedRequest) -> FirstAnswer | None:
    """Take the key; None: go on, the effect is this request's to make.

    Raises:
        Busy: the key was used for another request (422).
        Conflict: the first request under the key is still being answered, or was accepted and its answer lost.
    """
    try:
        with transaction() as session:
            _forget_old(session, request)
            session.add(IdempotencyKey(project_id=request.project_id, key=request.key, fingerprint=request.fingerprint))
    except IntegrityError:
        return _first_answer(request)
    return None


def keep(request: KeyedRequest, reply: Any) -> None:  # noqa: ANN401 - JSON
    """Keep the answer for repetitions."""
    with transaction() as session:
        row = session.get_one(IdempotencyKey, (request.project_id, request.key), with_for_update=True)
        row.answer = seal({"reply": reply})


def release(request: KeyedRequest) -> None:
    """Give the key back: the request was refused and had no effect."""
    with transaction() as session:
        row = session.get(IdempotencyKey, (request.project_id, request.key), with_for_update=True)
        if row is not None and row.operation_id is None:
            session.delete(row)


def forget_expired() -> None:
    """Remove the keys whose answers need not be kept any more, in portions; one that is in use is left."""
    expired = select(IdempotencyKey).where(IdempotencyKey.created < now() - KEEP).order_by(IdempotencyKey.created)
    while True:
        with transaction() as session:
            keys = session.scalars(expired.limit(PORTION).with_for_update(skip_locked=True)).all()
            for key in keys:
                session.delete(key)
        if len(keys) < PORTION:
            return


def tie(session: Session, key: tuple[str, str], operation_id: str) -> None:
    """Tie the operation that is being accepted to its request's key, in the same transaction; the first one stays."""
    row = session.get_one(IdempotencyKey, key, with_for_update=True)
    row.operation_id = row.operation_id or operation_id


def _forget_old(session: Session, request: KeyedRequest) -> None:
    row = session.get(IdempotencyKey, (request.project_id, request.key), with_for_update=True)
    if row is None:
        return
    abandoned = row.answer is None and row.operation_id is None and row.created < now() - TAKEOVER
    if row.created < now() - KEEP or (abandoned and row.fingerprint == request.fingerprint):
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
    if row.operation_id is not None and row.created < now() - TAKEOVER:
        raise Conflict(
            f"The first request under Idempotency-Key {request.key} was accepted as operation {row.operation_id}, "
            "but its answer was lost: show that operation."
        )
    raise Conflict(f"The first request under Idempotency-Key {request.key} is still being answered: repeat it later.")
