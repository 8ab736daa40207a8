"""The certificate authority of the databases: each serves TLS with a certificate that names its addresses.

A certificate's names are IP addresses, since databases have no names of their own; its common name is the instance.
Key and certificate are made anew for each delivery to a host and kept nowhere else. Profile: RFC 5280; no more than
398 days, as the CA/Browser Forum's Baseline Requirements (6.3.2) limit servers' certificates.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel, ConfigDict, SecretStr

from functions.runtime.clock import now
from functions.runtime.errors import TroveError
from functions.runtime.settings import require

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
    from cryptography.x509 import AuthorityKeyIdentifier, Certificate, CertificateBuilder, KeyUsage

__all__ = ["AuthorityInvalid", "ServerCertificate", "TlsAuthority", "authority", "roots"]

CLOCK_SKEW = timedelta(seconds=60)
"""A certificate is valid so long before its issue: a client's clock may be behind ours."""
LIFETIME = timedelta(days=398)
"""A certificate is valid so long after its issue, or as long as the authority's."""


class AuthorityInvalid(TroveError):
    """The authority's certificates and key do not go together."""


class ServerCertificate(BaseModel):
    """What a database shows who it is with; texts are PEM."""

    model_config = ConfigDict(frozen=True)

    certificate: str
    """The database's certificate, then those between it and the authority's root."""
    private_key: SecretStr
    authority: str
    """The roots that clients are to trust."""
    expires: datetime
    """UTC, without zone."""


class TlsAuthority:
    """Issues certificates.

    `certificates` (PEM) are the issuing one, the ones above it in order up to the self-signed root, and after that
    further roots that clients are to trust (while one replaces another).

    Raises:
        AuthorityInvalid: they do not make a chain, or the key is not the first one's.
        ValueError: one cannot be read.
    """

    def __init__(self, key: str, certificates: str) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        self._key = cast("CertificateIssuerPrivateKeyTypes", load_pem_private_key(key.encode(), password=None))
        found = x509.load_pem_x509_certificates(certificates.encode())
        self._issuer = found[0]
        if self._issuer.public_key() != self._key.public_key():
            raise AuthorityInvalid("tls_ca_key is not the key of the first certificate of tls_ca_certificate")
        self._intermediates = [_pem(certificate) for certificate in _chain(found) if not _is_root(certificate)]
        self.roots = roots(certificates)

    def issue_server(self, instance_id: str, addresses: Sequence[str]) -> ServerCertificate:
        """A fresh key and its certificate for a database at these IP addresses."""
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256

        key = ec.generate_private_key(ec.SECP256R1())
        expires = min(now() + LIFETIME, self._issuer.not_valid_after_utc.replace(tzinfo=None)).replace(microsecond=0)
        unsigned = _server(self._issuer, key, instance_id, addresses).not_valid_after(expires.replace(tzinfo=UTC))
        hashed_by_itself = isinstance(self._key, Ed25519PrivateKey | Ed448PrivateKey)
        certificate = unsigned.sign(self._key, None if hashed_by_itself else SHA256())
        return ServerCertificate(
            certificate="".join([_pem(certificate), *self._intermediates]),
            private_key=SecretStr(_private_text(key)),
            authority=self.roots,
            expires=expires,
        )


@lru_cache(maxsize=1)
def authority() -> TlsAuthority:
    """The authority of this function group's settings. Raises SettingMissing in a group that has no authority key."""
    return TlsAuthority(require("tls_ca_key"), require("tls_ca_certificate"))


@lru_cache(maxsize=1)
def roots(certificates: str) -> str:
    """The self-signed ones of certificates in PEM, which clients are to trust."""
    from cryptography import x509

    found = x509.load_pem_x509_certificates(certificates.encode())
    return "".join(_pem(certificate) for certificate in found if _is_root(certificate))


def _chain(certificates: "Sequence[Certificate]") -> "Sequence[Certificate]":
    """The first certificate and those above it to the first root. Raises AuthorityInvalid."""
    from cryptography.exceptions import InvalidSignature

    for position, certificate in enumerate(certificates):
        if not _may_sign(certificate):
            raise AuthorityInvalid(
                f"certificate {position + 1} of tls_ca_certificate is not an authority's (RFC 5280, 4.2)"
            )
        if _is_root(certificate):
            return certificates[: position + 1]
        try:
            certificate.verify_directly_issued_by(certificates[position + 1])
        except (IndexError, ValueError, InvalidSignature) as error:
            reason = f"certificate {position + 1} of tls_ca_certificate is not signed by the one after it"
            raise AuthorityInvalid(f"{reason}: give the chain up to the root") from error
    raise AuthorityInvalid("tls_ca_certificate has no certificate")


def _is_root(certificate: "Certificate") -> bool:
    return certificate.issuer == certificate.subject


def _may_sign(certificate: "Certificate") -> bool:
    """Whether it has what RFC 5280 demands of an authority's: basic constraints, and a name for its key."""
    from cryptography import x509

    try:
        certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _server(
    issuer: "Certificate", key: "EllipticCurvePrivateKey", name: str, addresses: Sequence[str]
) -> "CertificateBuilder":
    """A server's certificate without its end."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address)) for address in addresses])
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before((now() - CLOCK_SKEW).replace(tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signing_only(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_key_of(issuer), critical=False)
    )


def _signing_only() -> "KeyUsage":
    """What the key of an elliptic curve is used for in TLS: RFC 8422, 5.5."""
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_of(issuer: "Certificate") -> "AuthorityKeyIdentifier":
    """The issuer's key as its own certificate names it."""
    from cryptography import x509

    named = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(named.value)


def _pem(certificate: "Certificate") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()


def _private_text(key: "EllipticCurvePrivateKey") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
