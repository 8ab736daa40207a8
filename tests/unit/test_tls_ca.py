"""The certificates of databases that the authority issues."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from functions.hostlink.tls_ca import AuthorityInvalid, ServerCertificate, TlsAuthority, roots
from tests.support.tls import Certified, certified

ADDRESSES = ["10.0.0.5", "2001:db8::5"]
ROOT = certified("root")
BELOW = certified("intermediate", ROOT)
LAST = certified("issuing", BELOW)


def verify(issued: ServerCertificate, address: str, trusted: str) -> None:
    """Verify as a client does. Raises VerificationError."""
    first, *others = x509.load_pem_x509_certificates(issued.certificate.encode())
    store = Store(x509.load_pem_x509_certificates(trusted.encode()))
    subject = x509.IPAddress(ip_address(address))
    PolicyBuilder().store(store).build_server_verifier(subject).verify(first, others)


@pytest.mark.parametrize(
    "chain", [[ROOT], [BELOW, ROOT], [LAST, BELOW, ROOT]], ids=["root", "intermediate", "two intermediates"]
)
def test_clients_that_trust_the_root_accept_the_addresses_only(chain: list[Certified]) -> None:
    authority = TlsAuthority(chain[0].key_text, "".join(item.text for item in chain))
    issued = authority.issue_server("instance-1", ADDRESSES)
    assert issued.authority == ROOT.text
    for address in ADDRESSES:
        verify(issued, address, issued.authority)
    with pytest.raises(VerificationError):
        verify(issued, "10.0.0.6", issued.authority)
    with pytest.raises(VerificationError):
        verify(issued, ADDRESSES[0], certified("root").text)


@pytest.mark.parametrize("kind", [ed25519.Ed25519PrivateKey.generate, lambda: rsa.generate_private_key(65537, 2048)])
def test_authorities_may_have_other_kinds_of_keys(kind: Callable[[], rsa.RSAPrivateKey]) -> None:
    root = certified("root", key=kind())
    [issued] = x509.load_pem_x509_certificates(
        TlsAuthority(root.key_text, root.text).issue_server("i", ADDRESSES).certificate.encode()
    )
    issued.verify_directly_issued_by(root.certificate)


def test_a_certificate_names_the_instance_and_lasts_398_days() -> None:
    issued = TlsAuthority(ROOT.key_text, ROOT.text).issue_server("instance-1", ADDRESSES)
    [certificate] = x509.load_pem_x509_certificates(issued.certificate.encode())
    [name] = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "instance-1"
    before_now = datetime.now(UTC) - certificate.not_valid_before_utc
    assert timedelta(seconds=60) <= before_now < timedelta(seconds=70)
    assert certificate.not_valid_after_utc.replace(tzinfo=None) == issued.expires
    assert timedelta(days=398) - timedelta(seconds=70) < certificate.not_valid_after_utc - datetime.now(UTC)
    assert certificate.not_valid_after_utc - datetime.now(UTC) <= timedelta(days=398)
    key = load_pem_private_key(issued.private_key.get_secret_value().encode(), None)
    assert key.public_key() == certificate.public_key()


def test_no_certificate_outlives_its_authority() -> None:
    root = certified("root", days=10)
    issued = TlsAuthority(root.key_text, root.text).issue_server("i", ADDRESSES)
    assert issued.expires == root.certificate.not_valid_after_utc.replace(tzinfo=None)


def test_every_certificate_has_a_key_of_its_own_that_does_not_show() -> None:
    authority = TlsAuthority(ROOT.key_text, ROOT.text)
    first, second = (authority.issue_server("i", ADDRESSES) for _ in range(2))
    assert first.private_key != second.private_key
    assert "PRIVATE KEY" not in repr(first) + first.model_dump_json()


def test_further_roots_are_trusted_too() -> None:
    other = certified("the next root")
    text = BELOW.text + ROOT.text + other.text
    issued = TlsAuthority(BELOW.key_text, text).issue_server("i", ADDRESSES)
    assert issued.authority == roots(text) == ROOT.text + other.text
    assert other.text not in issued.certificate


@pytest.mark.parametrize(
    ("key", "certificates", "words"),
    [
        (ROOT, BELOW.text + ROOT.text, "not the key of the first certificate"),
        (LAST, LAST.text + ROOT.text, "certificate 1 .* not signed by the one after it"),
        (BELOW, BELOW.text, "certificate 1 .* up to the root"),
    ],
)
def test_what_makes_no_chain_is_refused(key: Certified, certificates: str, words: str) -> None:
    with pytest.raises(AuthorityInvalid, match=words):
        TlsAuthority(key.key_text, certificates)


def test_a_server_is_no_authority() -> None:
    server = certified("server", ROOT, is_authority=False)
    with pytest.raises(AuthorityInvalid, match=r"certificate 1 .* is not an authority's"):
        TlsAuthority(server.key_text, server.text + ROOT.text)
