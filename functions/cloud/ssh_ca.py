"""The certificate authority of SSH: short-lived user certificates and host certificates.

A user certificate opens exactly one host (its principal is `trove-op:<host id>`), carries the operation as key id,
allows neither terminal nor forwarding, and lives minutes. A host certificate's principal is the host id, so that a
host is known by its id and never by its address. Format: OpenSSH PROTOCOL.certkeys.
"""

import secrets
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, SecretStr

from functions.runtime.errors import TroveError
from functions.runtime.settings import require

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import SSHCertificateType

__all__ = ["AuthorityInvalid", "HostKey", "SshAuthority", "UserCredential", "authority", "user_principal"]

CLOCK_SKEW = 60
"""Seconds a certificate is valid before its issue: a host's clock may be behind ours."""
USER_LIFETIME = 300
"""Seconds a user certificate is valid after its issue."""
DAY = 86_400


class AuthorityInvalid(TroveError):
    """An authority's key is of another kind than certificates are signed with."""


class UserCredential(BaseModel):
    """What opens one host for one operation."""

    model_config = ConfigDict(frozen=True)

    host_id: str
    operation_id: str
    private_key: SecretStr
    """OpenSSH private key (PEM), made for this credential."""
    certificate: str
    """The certificate's line."""
    valid_before: int
    """Seconds of the epoch at which the certificate ends."""
    host_ca_public: str
    """The authority that the host's own certificate must come from."""


class HostKey(BaseModel):
    """A host's identity: its key and the certificate that names the host."""

    model_config = ConfigDict(frozen=True)

    private_key: SecretStr
    """OpenSSH private key (PEM)."""
    public_key: str
    certificate: str
    """The certificate's line."""


def user_principal(host_id: str) -> str:
    """The principal a host accepts."""
    return f"trove-op:{host_id}"


class SshAuthority:
    """Issues certificates with the two authority keys (OpenSSH private format, Ed25519, no passphrase).

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
        """A fresh key and a certificate for one host, valid from 60 s ago for 5 minutes."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import SSHCertificateType

        key = Ed25519PrivateKey.generate()
        now = int(time.time())
        certificate = _certificate(
            self._user_ca,
            key,
            SSHCertificateType.USER,
            (operation_id, user_principal(host_id)),
            (now - CLOCK_SKEW, now + USER_LIFETIME),
        )
        return UserCredential(
            host_id=host_id,
            operation_id=operation_id,
            private_key=SecretStr(_private_text(key)),
            certificate=certificate,
            valid_before=now + USER_LIFETIME,
            host_ca_public=self.host_ca_public,
        )

    def issue_host(self, host_id: str, valid_days: int) -> HostKey:
        """A fresh host key with a certificate that names the host by its id."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import SSHCertificateType

        key = Ed25519PrivateKey.generate()
        now = int(time.time())
        certificate = _certificate(
            self._host_ca,
            key,
            SSHCertificateType.HOST,
            (host_id, host_id),
            (now - CLOCK_SKEW, now + valid_days * DAY),
        )
        return HostKey(private_key=SecretStr(_private_text(key)), public_key=_public_line(key), certificate=certificate)


@lru_cache(maxsize=1)
def authority() -> SshAuthority:
    """The authority of this function group's settings. Raises SettingMissing in a group that has no authority keys."""
    return SshAuthority(require("ssh_user_ca_key"), require("ssh_host_ca_key"))


def _certificate(
    authority: "Ed25519PrivateKey",
    key: "Ed25519PrivateKey",
    kind: "SSHCertificateType",
    names: Sequence[str],
    valid: tuple[int, int],
) -> str:
    """Sign a certificate without extensions; `names` is the key id and then its one principal."""
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
        raise AuthorityInvalid("the keys of the SSH authority must be Ed25519: make them with ssh-keygen -t ed25519")
    return key


def _private_text(key: "Ed25519PrivateKey") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def _public_line(key: "Ed25519PrivateKey") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
