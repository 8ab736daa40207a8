"""Authorities and certificates of tests, and a look at what a server shows."""

from __future__ import annotations

import socket
import ssl
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import NameOID

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""PostgreSQL's message that asks for TLS ("SSLRequest" in the manual)."""


@dataclass(frozen=True)
class Certified:
    """A key and its certificate."""

    key: CertificateIssuerPrivateKeyTypes
    certificate: x509.Certificate

    @property
    def key_text(self) -> str:
        """The key as PEM."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def text(self) -> str:
        """The certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM).decode()


def certified(
    name: str,
    issuer: Certified | None = None,
    key: CertificateIssuerPrivateKeyTypes | None = None,
    *,
    is_authority: bool = True,
    days: float = 3650,
) -> Certified:
    """A certificate of `name` by an issuer, or by itself."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    signer = issuer.key if issuer else own
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
    )
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Certified(own, builder.sign(signer, algorithm))


def for_tls(name: str, issuer: Certified, addresses: tuple[str, ...] = (), days: float = 30) -> Certified:
    """A certificate with which a server at these addresses, or a client, shows who it is."""
    own = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer.certificate.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
    )
    if addresses:
        names = [x509.IPAddress(ip_address(address)) for address in addresses]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Certified(own, builder.sign(issuer.key, hashes.SHA256()))


def packed(own: Certified, *chain: Certified, password: str | None = None) -> bytes:
    """A PKCS#12 file of a key, its certificate, and those above it."""
    sealed = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    above = [link.certificate for link in chain]
    return serialize_key_and_certificates(b"own", cast("Any", own.key), own.certificate, above, sealed)


def shown_by_postgresql(address: str, port: int = 5432) -> x509.Certificate:
    """The certificate with which a PostgreSQL server answers now."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((address, port), 5) as plain:
        plain.sendall(SSL_REQUEST)
        assert plain.recv(1) == b"S", "the server has no TLS"
        with context.wrap_socket(plain) as secured:
            shown = secured.getpeercert(binary_form=True)
    assert shown
    return x509.load_der_x509_certificate(shown)


def written(path: Path, text: str) -> Path:
    """A file with that text."""
    path.write_text(text)
    return path
