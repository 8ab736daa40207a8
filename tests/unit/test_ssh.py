"""Errors of SSH, and what importing it costs."""

import subprocess
import sys

import pytest

from functions.base.errors import TroveError
from functions.hostlink import ssh


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (ssh.HostUnreachable, True),
        (ssh.CommandTimedOut, True),
        (ssh.HostDenied, False),
        (ssh.HostKeyRejected, False),
        (ssh.OutputTooLarge, False),
    ],
)
def test_errors_say_whether_repeating_helps(error: type[TroveError], retryable: bool) -> None:
    assert error("").retryable is retryable


def test_an_address_names_the_host_in_messages() -> None:
    address = ssh.HostAddress(host_id="host-a", address="127.1.2.10", port=2222, username="trove")
    assert str(address) == "host host-a at 127.1.2.10 port 2222"
    assert len({address, address.model_copy()}) == 1


@pytest.mark.parametrize("module", ["functions.hostlink.ssh", "functions.cloud.heat", "functions.cloud.session"])
def test_heavy_libraries_are_loaded_at_first_use(module: str) -> None:
    program = (
        f"import sys, {module}; "
        "print(*sorted({'asyncssh', 'cryptography', 'heatclient', 'keystoneauth1'} & sys.modules.keys()))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == ""
