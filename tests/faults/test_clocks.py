"""A host whose clock is wrong (E4 of the catalogue of faults)."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
import pytest

from deploy.local.cloud import Cloud
from deploy.local.demo.client import DemoError, Tenant
from deploy.local.hosts import lifecycle
from deploy.local.hosts.layout import HostDirectory, environment
from functions.base.settings import Settings
from tests.support.audit import audit
from tests.support.clock import Clock
from tests.support.operations import host_id_of
from tests.support.tenants import TestInstance, an_instance, follow, outcome, project_id, tenant
from tests.support.waiting import eventually

SPARE_SECONDS = 30
"""What an operation may take until its certificate is presented."""
BEHIND = SPARE_SECONDS - Settings().certificate_skew_seconds
AHEAD = Settings().ssh_user_certificate_seconds - SPARE_SECONDS
FAR = 600
SERVE = """
import json, os, sys
from pathlib import Path
from deploy.local import privileges
environment, root = json.load(sys.stdin), Path(sys.argv[1])
privileges.drop([Path(sys.executable), root])
os.chdir(root)
os.execve(sys.executable, [sys.executable, "-I", "-m", "deploy.local.hosts.sshd", str(root)], environment)
"""
"""Starts a host's SSH server as the user that the cloud runs as."""


@dataclass(frozen=True)
class Ground:
    """A tenant's instance on a host with a clock of its own."""

    owner: Tenant
    instance: TestInstance
    host: HostDirectory
    clock: Clock

    def set(self, seconds: int) -> None:
        """The host's clock is so much ahead; whoever was logged in must come again."""
        self.clock.ahead(seconds)
        self.serve_anew(self.clock.environment())

    def serve_anew(self, more: dict[str, str]) -> None:
        """Replace the host's SSH server by one with more in its environment."""
        psutil.Process(int(self.host.sshd_pid_file.read_text())).kill()
        eventually(lambda: not lifecycle.listening(self.host), "the SSH server has ended")
        for left in (self.host.booted_file, self.host.sshd_pid_file):
            left.unlink()
        asked = json.dumps(environment(self.host) | more)
        subprocess.run([sys.executable, "-c", SERVE, str(self.host.root)], input=asked, text=True, check=True)
        eventually(self.host.booted_file.exists, "the host has booted")
        eventually(lambda: lifecycle.listening(self.host), "the SSH server listens")

    def restart(self) -> None:
        self.owner.request("POST", f"/instances/{self.instance.id}/action", {"restart": {}})

    def await_status(self, status: str) -> None:
        path = f"/instances/{self.instance.id}"

        def shown() -> bool:
            return bool(self.owner.request("GET", path)["instance"]["operating_status"] == status)

        eventually(shown, f"operating_status {status}", 90)


@pytest.fixture(scope="module")
def ground(
    cloud: Cloud, product_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    """What all stories happen on; afterwards the audit finds nothing."""
    assert product_environment
    owner = tenant(cloud)
    with an_instance(owner, "clocks") as instance:
        host = HostDirectory.of(cloud.state.path, host_id_of(instance.id))
        made = Ground(owner, instance, host, Clock(tmp_path_factory.mktemp("clock")))
        yield made
        made.serve_anew({})
        made.await_status("HEALTHY")
        assert audit(cloud, [project_id(cloud)]) == []


@pytest.mark.parametrize("seconds", [BEHIND, AHEAD])
def test_e4_a_clock_that_is_off_by_what_certificates_allow(ground: Ground, seconds: int) -> None:
    ground.set(seconds)
    ground.restart()
    follow(ground.owner, "instance_restart", instance_id=ground.instance.id)
    assert ground.owner.request("GET", f"/instances/{ground.instance.id}/users")["users"]


@pytest.mark.parametrize("seconds", [-FAR, FAR])
def test_e4_a_clock_that_is_off_by_more_is_told_and_the_database_serves(ground: Ground, seconds: int) -> None:
    ground.set(seconds)
    ground.await_status("ERROR")
    with pytest.raises(DemoError, match=r"does not answer now|cannot be asked for now"):
        ground.owner.request("GET", f"/instances/{ground.instance.id}/users")
    ground.restart()
    ended = outcome(ground.owner, "instance_restart", instance_id=ground.instance.id)
    assert ended.state in {"FAILED", "NEEDS_OPERATOR"}
    assert "check the host's clock" in str(ended.error)
    assert ground.instance.query("SELECT 1") == [(1,)]
    ground.set(0)
    ground.restart()
    follow(ground.owner, "instance_restart", instance_id=ground.instance.id)
    ground.await_status("HEALTHY")
