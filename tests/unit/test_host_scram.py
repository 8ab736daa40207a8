"""SCRAM verifiers against the published examples."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from datastores.postgresql.engine.scram import ROUNDS, saslprep, verifier


def test_the_example_of_rfc_7677() -> None:
    """Section 3: user `user`, password `pencil`; the verifier must check the client's proof and make the server's."""
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    auth = f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={nonce}".encode()
    keys = verifier("pencil", salt).rpartition("$")[2]
    stored_key, server_key = (base64.b64decode(key) for key in keys.split(":"))

    server_signature = hmac.new(server_key, auth, hashlib.sha256).digest()
    assert base64.b64encode(server_signature) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    signature = hmac.new(stored_key, auth, hashlib.sha256).digest()
    client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    assert hashlib.sha256(client_key).digest() == stored_key


def test_the_form_is_postgresqls_and_salts_differ() -> None:
    first, second = verifier("pencil"), verifier("pencil")
    assert first.startswith(f"SCRAM-SHA-256${ROUNDS}:")
    assert first != second


@pytest.mark.parametrize(
    ("password", "prepared"),
    [
        ("I\u00adX", "IX"),  # the examples of RFC 4013 section 3
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("\u0007", "\u0007"),  # prohibited: libpq and the server then take it as it is
        ("\u0627\u0031", "\u0627\u0031"),  # fails the bidirectional check: the same
        ("a\u00a0b", "a b"),
    ],
)
def test_saslprep(password: str, prepared: str) -> None:
    assert saslprep(password) == prepared
