"""The certificate authority of SSH: short-lived user certificates and host certificates.

A user certificate opens exactly one host (its principal is `trove-op:<host id>`), carries the operation as key id,
allows neither terminal nor forwarding, and is valid for minutes. A host certificate's principal is the host id, so
that a host is known by its id and never by its address. Format: OpenSSH PROTOCOL.certkeys.
"""

import secrets
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, SecretStr

from functions.base.errors import TroveError
from functions.base.settings import get_settings, require

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import SSHCertificateType

__all__ = ["AuthorityInvalid", "HostKey", "SshAuthority", "UserCredential", "authority", "user_principal"]

DAY = 86_400
"""Seconds of a day."""


class AuthorityInvalid(TroveError):
    """An authority's key is not Ed25519."""


class UserCredential(BaseModel):
    """The key and certificate with which one operation logs in to one host."""

    model_config = ConfigDict(frozen=True)

    host_id: str
    operation_id: str
    private_key: SecretStr
    """OpenSSH private key (PEM), generated for this credential."""
    certificate: str
    """The certificate's line."""
    valid_before: int
    """The certificate's expiry, in seconds of the epoch."""
    host_ca_public: str
    """Public key of the authority that must have signed the host's own certificate."""


class HostKey(BaseModel):
    """A host's identity: its key and the certificate that names the host."""

    model_config = ConfigDict(frozen=True)

    private_key: SecretStr
    """OpenSSH private key (PEM)."""
    public_key: str
    certificate: str
    """The certificate's line."""


def user_principal(host_id: str) -> str:
    """Return the principal that a host accepts."""
    return f"trove-op:{host_id}"


class SshAuthority:
    """The authorities that issue user and host certificates, by their keys (OpenSSH, Ed25519, no passphrase).

    Raises:
        AuthorityInvalid: a key is not Ed25519.
        ValueError: a key cannot be read.
    """

    def __init__(self, user_ca_key: str, host_ca_key: str) -> None:
        self._user_ca = _load(user_ca_key)
        self._host_ca = _load(host_ca_key)
        self.user_ca_public = _public_line(self._user_ca)
        self.host_ca_public = _public_line(self._host_ca)

    def issue_user(self, host_id: str, operation_id: str) -> UserCredential:
        """Issue a new key and certificate for one host, valid for `ssh_user_certificate_seconds`."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import SSHCertificateType

        key = Ed25519PrivateKey.generate()
        now, settings = int(time.time()), get_settings()
        valid_before = now + settings.ssh_user_certificate_seconds
        certificate = _certificate(
            self._user_ca,
            key,
            SSHCertificateType.USER,
            (operation_id, user_principal(host_id)),
            (now - settings.certificate_skew_seconds, valid_before),
        )
        return UserCredential(
            host_id=host_id,
            operation_id=operation_id,
            private_key=SecretStr(_private_text(key)),
            certificate=certificate,
            valid_before=valid_before,
            host_ca_public=self.host_ca_public,
        )

    def issue_host(self, host_id: str, valid_days: int) -> HostKey:
        """Issue a new host key with a certificate that names the host by its id."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import SSHCertificateType

        key = Ed25519PrivateKey.generate()
        now = int(time.time())
        certificate = _certificate(
            self._host_ca,
            key,
            SSHCertificateType.HOST,
            (host_id, host_id),
            (now - get_settings().certificate_skew_seconds, now + valid_days * DAY),
        )
        return HostKey(private_key=SecretStr(_private_text(key)), public_key=_public_line(key), certificate=certificate)


@lru_cache(maxsize=1)
def authority() -> SshAuthority:
    """Return the authority of the settings. Raises SettingMissing in a function group without authority keys."""
    return SshAuthority(require("ssh_user_ca_key"), require("ssh_host_ca_key"))


def _certificate(
    authority: "Ed25519PrivateKey",
    key: "Ed25519PrivateKey",
    kind: "SSHCertificateType",
    names: Sequence[str],
    valid: tuple[int, int],
) -> str:
    """Return a signed certificate without extensions; `names` are the key id and the one principal."""
    from cryptography.hazmat.primitives.serialization import SSHCertificateBuilder

    key_id, principal = names
    builder = (
        SSHCertificateBuilder()
        .public_key(key.public_key())
        .serial(secrets.randbits(64))
        .type(kind)
        .key_id(key_id.encode())
        .valid_principals([principal.encode()])
        .valid_after(valid[0])
        .valid_before(valid[1])
    )
    return builder.sign(authority).public_bytes().decode()


def _load(text: str) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    key = load_ssh_private_key(text.encode(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise AuthorityInvalid("the keys of the SSH authority must be Ed25519: create them with ssh-keygen -t ed25519")
    return key


def _private_text(key: "Ed25519PrivateKey") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def _public_line(key: "Ed25519PrivateKey") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
