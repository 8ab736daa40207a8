"""The certificate authority of the databases, which serve TLS.

A certificate names the IP addresses of its database, and the instance as common name. Key and certificate are new for
each delivery to a host and stored nowhere else. Profile: RFC 5280; no more than 398 days, the limit of the CA/Browser
Forum's Baseline Requirements (6.3.2).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel, ConfigDict, SecretStr

from functions.base.clock import now
from functions.base.errors import TroveError
from functions.base.settings import get_settings, require

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
    from cryptography.x509 import AuthorityKeyIdentifier, Certificate, CertificateBuilder, KeyUsage

__all__ = ["AuthorityInvalid", "ServerCertificate", "TlsAuthority", "authority", "roots"]


class AuthorityInvalid(TroveError):
    """The authority's certificates make no chain, or its key is not that of the first one."""


class ServerCertificate(BaseModel):
    """A database's key and certificates, as PEM."""

    model_config = ConfigDict(frozen=True)

    certificate: str
    """The database's certificate, then the authority's intermediate certificates."""
    private_key: SecretStr
    authority: str
    """The root certificates that clients must trust."""
    expires: datetime
    """UTC, without zone."""


class TlsAuthority:
    """The authority that issues the databases' certificates.

    `certificates` (PEM) are the issuing certificate, those above it in order up to the self-signed root, and then
    further roots for clients to trust (while one root replaces another).

    Raises:
        AuthorityInvalid: the certificates make no chain, or the key is not that of the first one.
        ValueError: the key or a certificate cannot be read.
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
        """Issue a new key and certificate for a database at these IP addresses."""
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256

        key = ec.generate_private_key(ec.SECP256R1())
        life = timedelta(days=get_settings().database_certificate_days)
        expires = min(now() + life, self._issuer.not_valid_after_utc.replace(tzinfo=None)).replace(microsecond=0)
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
    """Return the authority of the settings. Raises SettingMissing in a function group without the authority's key."""
    return TlsAuthority(require("tls_ca_key"), require("tls_ca_certificate"))


@lru_cache(maxsize=1)
def roots(certificates: str) -> str:
    """Return the self-signed certificates among `certificates` (PEM), which clients must trust."""
    from cryptography import x509

    found = x509.load_pem_x509_certificates(certificates.encode())
    return "".join(_pem(certificate) for certificate in found if _is_root(certificate))


def _chain(certificates: "Sequence[Certificate]") -> "Sequence[Certificate]":
    """Return the first certificate and those above it up to the first root. Raises AuthorityInvalid."""
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
    """Return whether a certificate has what RFC 5280 demands of an authority: basic constraints, key identifier."""
    from cryptography import x509

    try:
        certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _server(
    issuer: "Certificate", key: "EllipticCurvePrivateKey", name: str, addresses: Sequence[str]
) -> "CertificateBuilder":
    """Return the builder of a server's certificate, which lacks its expiry only."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    skew = timedelta(seconds=get_settings().certificate_skew_seconds)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address)) for address in addresses])
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before((now() - skew).replace(tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signing_only(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_key_of(issuer), critical=False)
    )


def _signing_only() -> "KeyUsage":
    """Return the usage of an elliptic curve's key in TLS (RFC 8422, 5.5)."""
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
    """Return the identifier of the issuer's key from the issuer's certificate."""
    from cryptography import x509

    named = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(named.value)


def _pem(certificate: "Certificate") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()


def _private_text(key: "EllipticCurvePrivateKey") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
