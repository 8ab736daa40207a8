"""A tenant's certificate in a PKCS#12 file: what is taken from it, and what is refused."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from functions.base.errors import BadRequest
from functions.entrypoint import pkcs12
from tests.support.tls import Certified, certified, for_tls, packed

REF = "f2b5c0de-0000-4000-8000-000000000001"


def refused(content: bytes, password: bytes | None = None) -> str:
    with pytest.raises(BadRequest) as refusal:
        pkcs12.read(REF, content, password)
    assert refusal.value.message.startswith("Validation error: ssl['container_ref'] cannot be used: ")
    return refusal.value.message.rpartition("used: ")[2]


def test_certificate_chain_and_authorities_are_told_apart() -> None:
    root = certified("root")
    middle = certified("middle", root)
    server = for_tls("db.example.com", middle, ("192.0.2.1",))
    found = pkcs12.read(REF, packed(server, root, certified("nothing to do with it"), middle), None)
    assert found.certificate == server.text + middle.text
    assert found.authority == root.text
    assert found.client_authority == middle.text + root.text
    assert (found.cn, found.san, found.container_ref) == ("db.example.com", ["192.0.2.1"], REF)
    assert found.expires == server.certificate.not_valid_after_utc.replace(tzinfo=None)
    assert found.private_key.startswith("-----BEGIN PRIVATE KEY-----")
    assert found.private_key not in repr(found)


def test_without_a_root_nobody_can_be_asked_for_a_certificate() -> None:
    found = pkcs12.read(REF, packed(server := for_tls("db", certified("root"))), None)
    assert (found.certificate, found.authority, found.client_authority) == (server.text, server.text, "")


def test_a_file_in_base64_and_one_with_a_password_are_read() -> None:
    server = for_tls("db", certified("root"))
    assert pkcs12.read(REF, base64.encodebytes(packed(server)), None).cn == "db"
    locked = packed(server, password="a long password")
    assert pkcs12.read(REF, locked, b"a long password").cn == "db"
    assert "password" in refused(locked)
    assert "password" in refused(locked, b"another password")


def test_what_is_no_such_file_is_refused() -> None:
    assert "no PKCS#12 file" in refused(b"hello")
    assert "no private key" in refused(
        serialize_key_and_certificates(None, None, None, [certified("root").certificate], NoEncryption())
    )
    key = cast("Any", ec.generate_private_key(ec.SECP256R1()))
    assert "no certificate" in refused(serialize_key_and_certificates(None, key, None, None, NoEncryption()))


def test_an_expired_one_and_one_of_the_future_are_refused() -> None:
    assert "has expired" in refused(packed(for_tls("db", certified("root"), days=-1)))
    assert "not valid yet" in refused(packed(made(begins=1)))


def test_a_key_that_servers_refuse_is_refused() -> None:
    assert "1024 bits" in refused(packed(made(rsa.generate_private_key(65537, 1024))))
    assert pkcs12.read(REF, packed(made(rsa.generate_private_key(65537, 2048))), None).cn == "made"


def test_one_for_clients_only_is_refused() -> None:
    assert "not for servers" in refused(packed(made(usage=ExtendedKeyUsageOID.CLIENT_AUTH)))
    assert pkcs12.read(REF, packed(made(usage=ExtendedKeyUsageOID.SERVER_AUTH)), None).cn == "made"


def made(key: Any = None, begins: int = -1, usage: x509.ObjectIdentifier | None = None) -> Certified:  # noqa: ANN401
    """A certificate that signs itself; it begins in so many days."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(name, name, own.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=begins + 10))
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return Certified(own, builder.sign(own, hashes.SHA256()))
