"""A group of replicas that clients write to while its hosts are hurt."""

import functools
import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from datastores.conformance import ConformanceRefused
from deploy.local.cloud import Cloud
from deploy.local.demo.client import Tenant
from deploy.local.hosts.layout import HostDirectory
from deploy.local.hosts.processes import processes_of
from tests.e2e.datastores.instances import Instance, create
from tests.support.operations import host_id_of
from tests.support.releases import Release
from tests.support.set_checker import SetChecker
from tests.support.tenants import delete_instance, follow
from tests.support.waiting import eventually

ELECTED_SECONDS, BACK_SECONDS = 90, 240
"""Within which there is another primary, and the former one has come back."""


@dataclass
class Group:
    """A primary and its replicas."""

    cloud: Cloud
    owner: Tenant
    primary: Instance
    replicas: list[Instance]

    @property
    def members(self) -> list[Instance]:
        """All of them."""
        return [self.primary, *self.replicas]

    def shown(self, member: Instance) -> dict[str, Any]:
        """A member as the API shows it."""
        found: dict[str, Any] = self.owner.request("GET", member.path)["instance"]
        return found

    def endpoint(self) -> Instance:
        """The primary, at the address of the group's endpoint."""
        [address] = [
            address["address"]
            for endpoint in self.shown(self.primary)["endpoints"]
            if endpoint["kind"] == "primary"
            for address in endpoint["addresses"]
        ]
        return replace(self.primary, server=replace(self.primary.server, address=address))

    @contextmanager
    def written(self) -> Iterator[SetChecker]:
        """Inside the block numbers are written, some of which have arrived before it begins."""
        with SetChecker(self.endpoint().connect, {each.id: each.connect for each in self.members}).running() as checker:
            eventually(lambda: checker.written() > 50, "50 numbers are written")
            yield checker

    def signal(self, member: Instance, number: signal.Signals, *, database_only: bool = False) -> None:
        """Send a signal to the processes of a member's host; its SSH server and jobs are Python's."""
        for process in processes_of(self.directory(member)):
            with suppress(psutil.NoSuchProcess):
                if not (database_only and process.name().startswith("python")):
                    process.send_signal(number)

    def directory(self, member: Instance) -> HostDirectory:
        """The directory of a member's host."""
        return HostDirectory.of(self.cloud.state.path, host_id_of(member.id))

    def ssh_server(self, member: Instance) -> int:
        """The process id of a member's SSH server."""
        return int(self.directory(member).sshd_pid_file.read_text())

    def failovers(self) -> list[str]:
        """The ids of the failovers of the primary."""
        listed = self.owner.request("GET", f"/operations?type=group_failover&instance_id={self.primary.id}")
        return [operation["id"] for operation in listed["operations"]]

    def elect(self) -> Instance:
        """Wait until another member is the primary; return the former one."""
        former = self.primary
        eventually(lambda: "replica_of" in self.shown(former), f"{former.id} is the primary no more", ELECTED_SECONDS)
        primary_id = self.shown(former)["replica_of"]["id"]
        [self.primary] = [each for each in self.replicas if each.id == primary_id]
        self.replicas = [each for each in self.replicas if each.id != primary_id]
        return former

    def promote(self) -> None:
        """Have a replica take the primary's place."""
        former, chosen = self.primary, self.replicas.pop(0)
        self.owner.request("POST", f"{chosen.path}/action", {"promote_to_replica_source": {}})
        follow(self.owner, "replica_promote", instance_id=chosen.id)
        self.primary = chosen
        self.replicas.append(former)

    def await_return(self, former: Instance) -> None:
        """Wait until a former primary has come back by itself."""
        eventually(lambda: self._follows(former), f"{former.id} has come back", BACK_SECONDS)
        self.replicas.append(former)

    def _follows(self, member: Instance) -> bool:
        """Whether a member is ACTIVE and follows the primary, as the service saw it."""
        shown = self.shown(member)
        return (shown["status"], shown["replication"]["state"]) == ("ACTIVE", "following")

    def check(self, checker: SetChecker) -> None:
        """Nothing that was acknowledged is lost on any member, and nothing is there that nobody sent."""
        for member in self.members:
            eventually(functools.partial(_has_all, member, checker), f"{member.id} has all that was acknowledged")
            assert checker.unexpected(member.read()) == set()


def _has_all(member: Instance, checker: SetChecker) -> bool:
    with suppress(ConformanceRefused):
        return not checker.lost(member.read())
    return False


def new_group(cloud: Cloud, owner: Tenant, release: Release, files: Path, failover: dict[str, object]) -> Group:
    """A primary with two replicas, and a failover policy."""
    primary = create(owner, release, files)
    body = {"instance": {"name": "replica", "replica_of": primary.id, "replica_count": 2, "failover": failover}}
    last = owner.request("POST", "/instances", body)["instance"]["id"]
    follow(owner, "replica_create", instance_id=last)
    made = Group(cloud, owner, primary, [])
    for reference in made.shown(primary)["replicas"]:
        member = replace(primary, id=reference["id"])
        [address, *_] = made.shown(member)["ip"]
        made.replicas.append(replace(member, server=replace(primary.server, address=address)))
    return made


def delete_backups(group: Group) -> None:
    """Delete the backups of the group's project."""
    for backup in group.owner.request("GET", "/backups")["backups"]:
        group.owner.request("DELETE", f"/backups/{backup['id']}")
    eventually(lambda: not group.owner.request("GET", "/backups")["backups"], "all backups are deleted", BACK_SECONDS)


def delete_group(group: Group) -> None:
    """Delete the backups and all members, the primary last."""
    delete_backups(group)
    for member in [*group.replicas, group.primary]:
        delete_instance(group.owner, member.id)


def kill(group: Group) -> None:
    """The primary's database is killed."""
    group.signal(group.primary, signal.SIGKILL, database_only=True)


def power_off(group: Group) -> None:
    """The primary's host is gone, its SSH server, too."""
    group.signal(group.primary, signal.SIGKILL)


def hang(group: Group) -> None:
    """On the primary's host nothing goes on, and nothing ends."""
    group.signal(group.primary, signal.SIGSTOP)


def cut_off(group: Group, seconds: float = 10.0) -> None:
    """The service cannot reach the primary for a while; clients and replicas can."""
    server = group.ssh_server(group.primary)
    os.kill(server, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.kill(server, signal.SIGCONT)


def nothing(_group: Group) -> None:
    """Only the fault happens."""


def a_backup(group: Group) -> None:
    """A backup of the primary is under way."""
    group.owner.request("POST", "/backups", {"backup": {"name": "meanwhile", "instance": group.primary.id}})


def a_user(group: Group) -> None:
    """A user is made."""
    user = {"name": f"u{secrets.token_hex(4)}", "password": secrets.token_hex(16)}
    group.owner.request("POST", f"{group.primary.path}/users", {"users": [user]})


def control_killed(group: Group) -> None:
    """The functions are killed once the failover is under way."""
    _kill_later(group, "control")


def mistral_killed(group: Group) -> None:
    """Mistral is killed once the failover is under way."""
    _kill_later(group, "mistral")


def _kill_later(group: Group, service: str) -> None:
    """Kill a service of the cloud once the primary has a failover, or after a while without one."""
    failovers, limit = len(group.failovers()), time.monotonic() + 20
    while len(group.failovers()) == failovers and time.monotonic() < limit:
        time.sleep(0.05)
    if pid := group.cloud.pid(service):
        os.kill(pid, signal.SIGKILL)
