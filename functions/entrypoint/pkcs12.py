"""Reads a tenant's certificate from a PKCS#12 file (RFC 7292): key, certificate and the authorities above it.

The certificate is used as it is: the names in it are the tenant's affair. What no server or client could use is
refused. Messages never repeat what the file holds.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from functions.base.clock import now
from functions.base.errors import BadRequest
from functions.state.tls.tls_certificates import NewCertificate

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
    from cryptography.x509 import Certificate

LEAST_RSA_BITS = 2048
"""Bits of an RSA key below which the servers' and clients' OpenSSL refuses it."""
_WEAK_HASHES = ("md5", "sha1")
_NAME_LENGTH = 255


def read(container_ref: str, content: bytes, password: bytes | None) -> NewCertificate:
    """Return the certificate in a PKCS#12 file, checked. Raises BadRequest naming what is wrong with it."""
    key, certificate, others = _opened(content, password)
    _check(key, certificate)
    chain = _chain(certificate, others)
    roots = [authority for authority in chain[1:] if authority.issuer == authority.subject]
    return NewCertificate(
        container_ref=container_ref,
        cn=_common_name(certificate),
        san=_alternative_names(certificate),
        expires=certificate.not_valid_after_utc.replace(tzinfo=None),
        certificate="".join(_pem(link) for link in chain if link not in roots),
        authority="".join(_pem(root) for root in roots) or _pem(chain[-1]),
        client_authority="".join(_pem(authority) for authority in chain[1:]) if roots else "",
        private_key=_key_text(key),
    )


def _opened(
    content: bytes, password: bytes | None
) -> "tuple[CertificateIssuerPrivateKeyTypes, Certificate, Sequence[Certificate]]":
    """Open a file as it is, or in base64, as clients store what they send as text."""
    from cryptography.hazmat.primitives.serialization import pkcs12

    for attempt in (content, _decoded(content)):
        try:
            key, certificate, others = pkcs12.load_key_and_certificates(attempt, password)
        except (ValueError, TypeError):
            continue
        if key is None:
            raise _wrong("its PKCS#12 file has no private key")
        if certificate is None:
            raise _wrong("its PKCS#12 file has no certificate of its private key")
        return cast("CertificateIssuerPrivateKeyTypes", key), certificate, others
    raise _wrong("it is no PKCS#12 file, or its password is not that of password_ref")


def _decoded(content: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(content.split()), validate=True)
    except binascii.Error:
        return b""


def _check(key: "CertificateIssuerPrivateKeyTypes", certificate: "Certificate") -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if key.public_key() != certificate.public_key():
        raise _wrong("its private key is not that of its certificate")
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)):
        raise _wrong("its key is of a kind that databases do not use: take RSA, an elliptic curve or Ed25519")
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < LEAST_RSA_BITS:
        raise _wrong(f"its RSA key has {key.key_size} bits: {LEAST_RSA_BITS} are needed")
    moment = now()
    if certificate.not_valid_after_utc.replace(tzinfo=None) <= moment:
        raise _wrong("its certificate has expired")
    if certificate.not_valid_before_utc.replace(tzinfo=None) > moment:
        raise _wrong("its certificate is not valid yet")
    hashed = certificate.signature_hash_algorithm
    if hashed is not None and hashed.name in _WEAK_HASHES and certificate.issuer != certificate.subject:
        raise _wrong(f"its certificate is signed with {hashed.name}, which clients refuse")
    if not _is_for_servers(certificate):
        raise _wrong("its certificate is not for servers (extended key usage)")


def _is_for_servers(certificate: "Certificate") -> bool:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except ValueError as error:
        raise _wrong("its certificate has extensions that cannot be read") from error
    return bool({ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(uses))


def _chain(certificate: "Certificate", others: "Sequence[Certificate]") -> "list[Certificate]":
    """Return the certificate and those above it, in order, among the others; what is not above it is left out."""
    from cryptography.exceptions import InvalidSignature

    chain = [certificate]
    while chain[-1].issuer != chain[-1].subject:
        for other in others:
            try:
                chain[-1].verify_directly_issued_by(other)
            except (ValueError, TypeError, InvalidSignature):
                continue
            chain.append(other)
            break
        else:
            break
    return chain


def _common_name(certificate: "Certificate") -> str:
    from cryptography.x509.oid import NameOID

    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value)[:_NAME_LENGTH] if found else ""


def _alternative_names(certificate: "Certificate") -> list[str]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    kinds: tuple[type[x509.GeneralName], ...] = (x509.DNSName, x509.IPAddress, x509.UniformResourceIdentifier)
    return [str(name.value) for name in names if isinstance(name, kinds)]


def _pem(certificate: "Certificate") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()


def _key_text(key: "CertificateIssuerPrivateKeyTypes") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _wrong(what: str) -> BadRequest:
    return BadRequest(f"Validation error: ssl['container_ref'] cannot be used: {what}")
