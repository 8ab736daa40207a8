"""The certificates that the authority issues."""

import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    SSHCertificate,
    SSHCertificateType,
    load_ssh_private_key,
    load_ssh_public_identity,
)

from functions.hostlink.ssh_ca import AuthorityInvalid, SshAuthority
from tests.support.ssh import new_authority, new_key


def parse(line: str) -> SSHCertificate:
    certificate = load_ssh_public_identity(line.encode())
    assert isinstance(certificate, SSHCertificate)
    certificate.verify_cert_signature()
    return certificate


def public_line(private_key: str) -> str:
    public = load_ssh_private_key(private_key.encode(), None).public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@pytest.fixture
def authority() -> SshAuthority:
    return new_authority()


def signer(certificate: SSHCertificate) -> str:
    return certificate.signature_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def subject(certificate: SSHCertificate) -> str:
    return certificate.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def test_a_user_certificate_opens_one_host_for_minutes(authority: SshAuthority) -> None:
    before = int(time.time())
    credential = authority.issue_user("host-a", "operation-1")
    certificate = parse(credential.certificate)
    assert certificate.type is SSHCertificateType.USER
    assert certificate.valid_principals == [b"trove-op:host-a"]
    assert certificate.key_id == b"operation-1"
    assert certificate.valid_after - before in (-60, -59)
    assert certificate.valid_before - before in (300, 301)
    assert credential.valid_before == certificate.valid_before
    assert signer(certificate) == authority.user_ca_public
    assert subject(certificate) == public_line(credential.private_key.get_secret_value())


def test_a_user_certificate_permits_nothing_but_commands(authority: SshAuthority) -> None:
    certificate = parse(authority.issue_user("host-a", "operation-1").certificate)
    assert certificate.extensions == {}
    assert certificate.critical_options == {}


def test_every_credential_has_a_key_of_its_own(authority: SshAuthority) -> None:
    first, second = (authority.issue_user("host-a", "operation-1") for _ in range(2))
    assert first.private_key != second.private_key


def test_a_host_certificate_names_the_host_by_id(authority: SshAuthority) -> None:
    before = int(time.time())
    key = authority.issue_host("host-a", 30)
    certificate = parse(key.certificate)
    assert certificate.type is SSHCertificateType.HOST
    assert certificate.valid_principals == [b"host-a"]
    assert certificate.valid_before - before in (30 * 86_400, 30 * 86_400 + 1)
    assert signer(certificate) == authority.host_ca_public != authority.user_ca_public
    assert subject(certificate) == key.public_key == public_line(key.private_key.get_secret_value())


def test_private_keys_do_not_show(authority: SshAuthority) -> None:
    credential, key = authority.issue_user("host-a", "operation-1"), authority.issue_host("host-a", 30)
    for shown in (repr(credential), str(key), credential.model_dump_json(), key.model_dump_json()):
        assert "PRIVATE KEY" not in shown


def test_an_authority_of_another_kind_of_key_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    with pytest.raises(AuthorityInvalid, match="ssh-keygen -t ed25519"):
        SshAuthority(text, new_key())
