"""Local hosts for real: made, reached over SSH with certificates of our authority, booted, destroyed."""

import asyncio
import json
import os
import shlex
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import asyncssh
import psutil
import pytest

from deploy.local import addresses
from deploy.local.errors import AddressError
from deploy.local.hosts import lifecycle
from deploy.local.hosts.layout import SSH_PORT, USERNAME, HostDirectory
from deploy.local.hosts.processes import processes_of
from functions.hostlink import ssh
from functions.hostlink.ssh_ca import SshAuthority, UserCredential
from tests.support.ssh import new_authority

WAIT = 15.0


class LocalHost(NamedTuple):
    """A running host, and the authority it trusts."""

    state: Path
    authority: SshAuthority
    spec: lifecycle.HostSpec
    directory: HostDirectory

    @property
    def address(self) -> ssh.HostAddress:
        return ssh.HostAddress(
            host_id=self.spec.host_id, address=self.directory.facts().address, port=SSH_PORT, username=USERNAME
        )

    def credential(self, operation_id: str = "operation-1") -> UserCredential:
        return self.authority.issue_user(self.spec.host_id, operation_id)

    def run(self, *argv: str, stdin: bytes = b"", time_limit: float = 20.0) -> ssh.Completed:
        return ssh.run(self.address, self.credential(), argv, stdin, time_limit)


def spec_of(authority: SshAuthority, host_id: str) -> lifecycle.HostSpec:
    key = authority.issue_host(host_id, 30)
    return lifecycle.HostSpec(
        host_id=host_id,
        owner="resource-1",
        memory_mb=512,
        cpus=1,
        volume_gb=1,
        user_ca=authority.user_ca_public,
        host_key=key.private_key.get_secret_value(),
        host_certificate=key.certificate,
    )


def make_host(state: Path, authority: SshAuthority) -> LocalHost:
    spec = spec_of(authority, str(uuid.uuid4()))
    directory = lifecycle.ensure(state, spec)
    lifecycle.boot(directory)
    return LocalHost(state, authority, spec, directory)


def wait_until(condition: Callable[[], bool], timeout: float = WAIT) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "condition not met in time"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("state")
    addresses.load_or_choose(path)
    yield path
    lifecycle.destroy_all(path)


@pytest.fixture(scope="module")
def authority() -> SshAuthority:
    return new_authority()


@pytest.fixture(scope="module")
def host(state: Path, authority: SshAuthority) -> LocalHost:
    """One host that the tests share and leave running."""
    return make_host(state, authority)


@pytest.fixture
def own_host(state: Path, authority: SshAuthority) -> Iterator[LocalHost]:
    """A host of the test's own."""
    made = make_host(state, authority)
    yield made
    lifecycle.destroy(state, made.directory)


def test_a_command_runs_on_the_host(host: LocalHost) -> None:
    completed = host.run("sh", "-c", 'cat "$TROVE_HOST_FACTS"; echo problem >&2; exit 3')
    assert completed.exit_status == 3
    assert completed.stdout == host.directory.facts_file.read_bytes()
    assert completed.stderr == b"problem\n"


def test_arguments_arrive_as_they_are(host: LocalHost) -> None:
    argument = 'it\'s $HOME `x` "y" \\ *\n é'
    assert host.run("printf", "%s", argument).stdout.decode() == argument


def test_streams_carry_any_bytes(host: LocalHost) -> None:
    payload = os.urandom(3_000_000)
    assert host.run("cat", stdin=payload).stdout == payload


def test_a_command_may_leave_its_input_unread(host: LocalHost) -> None:
    assert host.run("true", stdin=os.urandom(5_000_000)).exit_status == 0


def test_too_much_output_is_refused(host: LocalHost) -> None:
    with pytest.raises(ssh.OutputTooLarge):
        host.run("head", "-c", "20000000", "/dev/zero")


def test_the_environment_is_the_hosts_alone(host: LocalHost, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {line.split("=")[0] for line in host.run("env").stdout.decode().splitlines()}
    assert names <= {"HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TROVE_HOST_FACTS", "USER", "PWD", "SHLVL", "_"}


def test_python_of_the_facts_runs(host: LocalHost) -> None:
    for python in ("python3", host.directory.facts().python):
        assert (
            host.run(python, "-Ic", "import sys; print(sys.version_info[:2])").stdout
            == b"(%d, %d)\n" % (sys.version_info[:2])
        )


def test_commands_have_default_signals_and_their_own_session(host: LocalHost) -> None:
    program = (
        "import os, signal; print(signal.getsignal(signal.SIGHUP) == signal.SIG_DFL, "
        "signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set(), os.getsid(0) != os.getsid(os.getppid()) or 'same')"
    )
    assert host.run("python3", "-Ic", program).stdout.startswith(b"True True")


def test_the_host_ends_a_command_at_the_time_limit(host: LocalHost) -> None:
    started = time.monotonic()
    with pytest.raises(ssh.CommandTimedOut) as caught:
        host.run("sleep", "71.25", time_limit=2.0)
    assert caught.value.retryable
    assert time.monotonic() - started < 4
    wait_until(lambda: not running(host, "71.25"))


def test_a_killed_client_leaves_a_command_that_ends_by_itself(host: LocalHost) -> None:
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT],
        stdin=subprocess.PIPE,
        env={**os.environ, "ADDRESS": host.address.model_dump_json()},
        text=True,
    )
    assert client.stdin
    client.stdin.write(credential_json(host.credential("killed")))
    client.stdin.close()
    wait_until(lambda: running(host, "72.25"))
    client.kill()
    client.wait()
    assert host.run("true").exit_status == 0
    wait_until(lambda: not running(host, "72.25"))


CLIENT = """
import os, sys
from functions.hostlink import ssh
address = ssh.HostAddress.model_validate_json(os.environ["ADDRESS"])
ssh.run(address, ssh.UserCredential.model_validate_json(sys.stdin.read()), ["sleep", "72.25"], b"", 4.0)
"""


def credential_json(credential: UserCredential) -> str:
    plain = credential.private_key.get_secret_value()
    return credential.model_dump_json().replace('"**********"', json.dumps(plain))


def running(host: LocalHost, argument: str) -> bool:
    return any(argument in command_line(process) for process in processes_of(host.directory))


def command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


# --- who gets in, and who is believed to be the host


def test_a_certificate_of_another_host_is_denied(host: LocalHost) -> None:
    denied(host.address, host.authority.issue_user("another-host", "operation-1"))


def test_an_unknown_authority_is_denied(host: LocalHost) -> None:
    credential = new_authority().issue_user(host.spec.host_id, "operation-1")
    denied(host.address, credential.model_copy(update={"host_ca_public": host.authority.host_ca_public}))


def test_another_user_name_is_denied(host: LocalHost) -> None:
    for name in ("root", "postgres", f"trove-op:{host.spec.host_id}"):
        denied(host.address.model_copy(update={"username": name}), host.credential())


@pytest.mark.parametrize("shift", [-3600, 3600], ids=["expired", "not yet valid"])
def test_a_certificate_out_of_its_time_is_denied(host: LocalHost, shift: int, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = time.time() + shift
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: moment)
        credential = host.credential()
    denied(host.address, credential.model_copy(update={"valid_before": int(time.time()) + 300}))


def test_a_host_certificate_opens_nothing(host: LocalHost) -> None:
    key = host.authority.issue_host(host.spec.host_id, 1)
    update = {"private_key": key.private_key, "certificate": key.certificate}
    denied(host.address, host.credential().model_copy(update=update))


def test_another_host_at_the_address_is_not_believed(host: LocalHost) -> None:
    elsewhere = host.address.model_copy(update={"host_id": "another-host"})
    with pytest.raises(ssh.HostKeyRejected) as caught:
        ssh.run(elsewhere, host.authority.issue_user("another-host", "operation-1"), ["true"])
    assert not caught.value.retryable


def test_a_host_certified_by_others_is_not_believed(host: LocalHost) -> None:
    credential = host.credential().model_copy(update={"host_ca_public": new_authority().host_ca_public})
    with pytest.raises(ssh.HostKeyRejected):
        ssh.run(host.address, credential, ["true"])


def test_nobody_at_the_address_is_retryable(host: LocalHost) -> None:
    with pytest.raises(ssh.HostUnreachable) as caught:
        ssh.run(host.address.model_copy(update={"port": SSH_PORT + 1}), host.credential(), ["true"])
    assert caught.value.retryable


def denied(address: ssh.HostAddress, credential: UserCredential) -> None:
    """Refused by the host itself: under an operation of its own, no connection of an earlier call is there to share."""
    credential = credential.model_copy(update={"operation_id": str(uuid.uuid4())})
    with pytest.raises(ssh.HostDenied) as caught:
        ssh.run(address, credential, ["true"])
    assert not caught.value.retryable


def test_nothing_but_commands_is_served(host: LocalHost) -> None:
    asyncio.run(only_commands(host))


async def only_commands(host: LocalHost) -> None:
    credential = host.credential()
    pair = (
        asyncssh.import_private_key(credential.private_key.get_secret_value()),
        asyncssh.import_certificate(credential.certificate),
    )
    trusted = asyncssh.import_known_hosts(f"@cert-authority {credential.host_id} {credential.host_ca_public}\n")
    async with asyncssh.connect(
        host.address.address,
        SSH_PORT,
        username=USERNAME,
        client_keys=[pair],
        known_hosts=trusted,
        host_key_alias=credential.host_id,
        config=None,
    ) as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection(host.address.address, SSH_PORT)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_unix_connection(str(host.directory.root / "run" / "socket"))
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.start_server(asyncssh.SSHTCPSession, host.address.address, 0)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.create_process("true", term_type="xterm")
        with pytest.raises((asyncssh.ChannelOpenError, asyncssh.SFTPError)):
            await connection.start_sftp_client()
        assert (await connection.run()).exit_status == 127


# --- connections


def test_calls_of_one_operation_share_a_connection(own_host: LocalHost) -> None:
    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(lambda number: own_host.run("echo", str(number)).stdout, range(20)))
    assert results == [f"{number}\n".encode() for number in range(20)]
    assert established(own_host) == 1


def test_operations_do_not_share_connections(own_host: LocalHost) -> None:
    def run(number: int) -> bytes:
        return ssh.run(own_host.address, own_host.credential(f"operation-{number}"), ["echo", str(number)]).stdout

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(run, range(20))) == [f"{number}\n".encode() for number in range(20)]
    assert 1 < established(own_host) <= 20
    for number in range(20, 40):
        run(number)
    wait_until(lambda: established(own_host) <= 16)


def test_a_connection_ends_with_its_certificate(own_host: LocalHost) -> None:
    credential = own_host.credential("short")
    ssh.run(own_host.address, credential.model_copy(update={"valid_before": int(time.time()) + 2}), ["true"])
    wait_until(lambda: established(own_host) == 0)
    assert ssh.run(own_host.address, credential, ["true"]).exit_status == 0


def test_a_lost_connection_is_opened_anew(own_host: LocalHost) -> None:
    own_host.run("true")
    server = psutil.Process(int(own_host.directory.sshd_pid_file.read_text()))
    with pytest.raises(ssh.HostUnreachable):
        own_host.run("sh", "-c", f"kill -9 {server.pid}; sleep 5")
    server.wait(timeout=10)
    lifecycle.boot(own_host.directory)
    assert own_host.run("true").exit_status == 0


def established(host: LocalHost) -> int:
    server = psutil.Process(int(host.directory.sshd_pid_file.read_text()))
    return sum(connection.status == psutil.CONN_ESTABLISHED for connection in server.net_connections())


# --- a host's life


def test_the_server_is_nobodys_child(host: LocalHost) -> None:
    server = psutil.Process(int(host.directory.sshd_pid_file.read_text()))
    assert os.getsid(server.pid) != os.getsid(0)
    assert os.getpid() not in {parent.pid for parent in server.parents()}


def test_made_again_it_is_the_same_host(own_host: LocalHost) -> None:
    before, server = own_host.directory.facts(), own_host.directory.sshd_pid_file.read_text()
    (own_host.directory.root / "data" / "kept").touch()
    lifecycle.ensure(own_host.state, own_host.spec)
    lifecycle.boot(own_host.directory)
    assert own_host.directory.facts() == before
    assert own_host.directory.sshd_pid_file.read_text() == server
    assert (own_host.directory.root / "data" / "kept").exists()


def test_new_keys_are_taken_up_while_it_runs(own_host: LocalHost) -> None:
    other = new_authority()
    lifecycle.ensure(own_host.state, spec_of(other, own_host.spec.host_id))

    def believed() -> bool:
        try:
            credential = other.issue_user(own_host.spec.host_id, "operation-2")
            return ssh.run(own_host.address, credential, ["true"]).exit_status == 0
        except ssh.HostKeyRejected:
            return False

    wait_until(believed)
    denied(
        own_host.address, own_host.credential("operation-3").model_copy(update={"host_ca_public": other.host_ca_public})
    )


def test_hosts_made_at_once_have_addresses_of_their_own(state: Path, authority: SshAuthority, host: LocalHost) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: make_host(state, authority), range(4)))
    assert len({one.address.address for one in (host, *made)}) == 5
    for one in made:
        lifecycle.destroy(state, one.directory)


def test_what_an_interruption_left_is_removed(own_host: LocalHost) -> None:
    rubbish = own_host.directory.root.with_name(".0123456789ab.ff00")
    (rubbish / "ssh").mkdir(parents=True)
    lifecycle.ensure(own_host.state, own_host.spec)
    assert not rubbish.exists()


def test_a_full_network_says_what_to_do(tmp_path: Path, authority: SshAuthority, host: LocalHost) -> None:
    addresses.load_or_choose(tmp_path)
    facts = host.directory.facts()
    for number, address in enumerate(addresses.load(tmp_path).hosts()):
        other = HostDirectory.of(tmp_path, f"{number:012x}")
        other.root.mkdir(parents=True)
        other.write_facts(type(facts)(**{**vars(facts), "address": address}))
    with pytest.raises(AddressError, match="delete an instance"):
        lifecycle.ensure(tmp_path, spec_of(authority, str(uuid.uuid4())))


def test_boot_runs_the_boot_executables_in_order(own_host: LocalHost) -> None:
    root = own_host.directory.root
    lifecycle.boot(own_host.directory)  # it may still be booting, and would run what is written now
    for name, text in {"10-first": "echo one", "20-second": "echo two; exit 4", "30-not-executable": "echo no"}.items():
        file = own_host.directory.boot / name
        file.write_text(f"#!/bin/sh\nexec >>{root}/log/order\n{text}\n")
        file.chmod(0o600 if "not" in name else 0o700)
    lifecycle.boot(own_host.directory)
    assert not (root / "log" / "order").exists(), "a host that is up is not booted again"
    address = own_host.address
    lifecycle.shutdown(own_host.directory)
    assert processes_of(own_host.directory) == []
    assert own_host.directory in lifecycle.boot_all(own_host.state)
    assert own_host.address == address
    assert (root / "log" / "order").read_text() == "one\ntwo\n"
    assert own_host.directory.booted_file.read_text() == "10-first 0\n20-second 4\n"
    assert lifecycle.boot_all(own_host.state) == []


def test_destroy_leaves_nothing(state: Path, authority: SshAuthority) -> None:
    doomed = make_host(state, authority)
    data = doomed.directory.root / "data"
    for command in (
        "sleep 1000",
        f"cd {data} && exec env -i sleep 1000",
        "trap '' TERM; cd / && while :; do sleep 1; done",
    ):
        doomed.run("sh", "-c", f"setsid sh -c {shlex.quote(command)} </dev/null >/dev/null 2>&1 &")
    wait_until(lambda: len(processes_of(doomed.directory)) >= 4)
    pids = [process.pid for process in processes_of(doomed.directory)]
    lifecycle.destroy(state, doomed.directory)
    assert not doomed.directory.root.exists()
    assert processes_of(doomed.directory) == []
    assert not any(alive(pid) for pid in pids)
    lifecycle.destroy(state, doomed.directory)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_server_is_small(own_host: LocalHost) -> None:
    server = psutil.Process(int(own_host.directory.sshd_pid_file.read_text()))
    for number in range(5):
        ssh.run(own_host.address, own_host.credential(f"size-{number}"), ["true"])
    assert server.memory_info().rss < 80 * 2**20


def test_the_servers_signal_handler_keeps_it_alive(own_host: LocalHost) -> None:
    os.kill(int(own_host.directory.sshd_pid_file.read_text()), signal.SIGHUP)
    assert own_host.run("true").exit_status == 0
