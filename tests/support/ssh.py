"""An SSH authority for tests."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from functions.hostlink.ssh_ca import SshAuthority


def new_key() -> str:
    """An Ed25519 key in OpenSSH's private format."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def new_authority() -> SshAuthority:
    """An authority that nobody else trusts."""
    return SshAuthority(new_key(), new_key())
