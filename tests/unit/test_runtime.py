"""The step runtime without a database: tokens, seals, names, input models, waiting."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from functions.base import seal, settings
from functions.base.clock import now
from functions.base.errors import StepInvalid, StepRefused
from functions.framework import registry, token
from functions.framework.call import call
from functions.framework.step import Nothing, Step, StepContext, StepResult, step
from functions.framework.waiting import wait_for

HOUR = timedelta(hours=1)


def key_pair() -> tuple[str, str]:
    """A private and a public key as PEM."""
    key = Ed25519PrivateKey.generate()
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private.decode(), key.public_key().public_bytes(
        encoding, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    private, public = key_pair()
    monkeypatch.delenv("TROVE_SECRETS_DIR", raising=False)
    monkeypatch.setenv("TROVE_TOKEN_PRIVATE_KEY", private)
    monkeypatch.setenv("TROVE_TOKEN_PUBLIC_KEY", public)
    monkeypatch.setenv("TROVE_SEAL_KEYS", Fernet.generate_key().decode())
    forget()
    yield
    forget()


def forget() -> None:
    """Forget the settings and what was made from them."""
    for cached in (settings.get_settings, token._key, seal._fernet):
        cached.cache_clear()


def test_a_token_names_its_operation() -> None:
    claims = token.verify(f"Bearer {token.issue('op-1', 'operation', now() + HOUR)}")
    assert (claims.sub, claims.aud) == ("op-1", "operation")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic abc", "Bearer abc", "Bearer a.b.c"])
def test_no_token_is_refused(header: str | None) -> None:
    with pytest.raises(StepRefused):
        token.verify(header)


def test_an_expired_or_foreign_token_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    expired = token.issue("op-1", "operation", now() - HOUR)
    foreign = token.issue("op-1", "operation", now() + HOUR)
    with pytest.raises(StepRefused, match="expired"):
        token.verify(f"Bearer {expired}")
    monkeypatch.setenv("TROVE_TOKEN_PUBLIC_KEY", key_pair()[1])
    forget()
    with pytest.raises(StepRefused):
        token.verify(f"Bearer {foreign}")


def test_seals_open_after_rotation_and_not_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    old = settings.require("seal_keys")
    sealed = seal.seal({"password": "canary"})
    assert b"canary" not in sealed
    for keys_in_force, opens in (
        (f"{Fernet.generate_key().decode()},{old}", True),
        (Fernet.generate_key().decode(), False),
    ):
        monkeypatch.setenv("TROVE_SEAL_KEYS", keys_in_force)
        forget()
        if opens:
            assert seal.unseal(sealed) == {"password": "canary"}
        else:
            with pytest.raises(seal.SealBroken, match="TROVE_SEAL_KEYS"):
                seal.unseal(sealed)
    assert seal.unseal(None) == {}


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TROVE_SEAL_KEYS")
    settings.get_settings.cache_clear()
    with pytest.raises(settings.SettingMissing, match="TROVE_SEAL_KEYS"):
        settings.require("seal_keys")


def test_steps_are_found_by_name_and_unknown_ones_named() -> None:
    assert registry.find("job.run").name == "job.run"
    for unknown in ("job.nothing", "nothing.start", "", "../etc"):
        with pytest.raises(StepInvalid, match="no step"):
            registry.find(unknown)


def test_every_step_is_in_the_module_of_its_noun_and_documented() -> None:
    for name, registered in registry.all_steps().items():
        noun = name.partition(".")[0]
        assert registered.function.__module__ == f"functions.steps.{registry.nouns()[noun]}.{noun}"
        assert registered.function.__doc__, f"{name} has no docstring"


def test_a_call_answers_an_envelope_whatever_happens() -> None:
    authorization = f"Bearer {token.issue('op-1', 'operation', now() + HOUR)}"
    refused = call("job.run", {}, None).error
    assert refused and refused.type == "StepRefused" and not refused.retryable
    unknown = call("job.nothing", {}, authorization).error
    assert unknown and unknown.type == "StepInvalid"
    invalid = call("job.run", {"action": "explode", "password": "canary"}, authorization).error
    assert invalid and "action" in invalid.message and "canary" not in invalid.message
    sweep = call("sweep.run", {}, authorization).error
    assert sweep and sweep.type == "StepRefused"


def test_a_crash_is_an_envelope_too_and_hides_its_text() -> None:
    @step("record.crashes", audience="sweep")
    def crashes(_request: Nothing, _context: StepContext) -> StepResult:
        raise ZeroDivisionError("canary")

    try:
        answer = call("record.crashes", {}, f"Bearer {token.issue('sweep', 'sweep', now() + HOUR)}")
    finally:
        Step.registered.pop("record.crashes")
    assert answer.error and answer.error.retryable
    assert "ZeroDivisionError" in answer.error.message and "canary" not in answer.error.message


def test_waiting_ends_when_settled_or_when_the_step_is_over() -> None:
    seen = iter(range(100))
    assert wait_for(lambda: next(seen), lambda number: number == 2, StepContext("op-1")) == 2
    almost_over = StepContext("op-1", deadline=time.monotonic() + 0.2)
    assert wait_for(lambda: 1, lambda _number: False, almost_over) is None
