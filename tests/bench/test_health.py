"""How many hosts the health probe looks at, of which one in ten is silent."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import delete, func, insert, select, update

from datastores.catalog import catalog
from deploy.local.cloud import Cloud
from functions.base.clock import now
from functions.base.ids import new_id
from functions.base.statuses import HostPhase, InstanceStatus
from functions.hostlink.ssh_ca import SshAuthority
from functions.state.database import transaction
from functions.state.hosts.models import Host
from functions.state.instances.models import Instance
from tests.bench import fake_hosts
from tests.bench.support import at_most, fact, show

HOSTS, SILENT = 360, 40
INSTANCES = 5000
ROUND_SECONDS = 60
PROJECT = "bench-health"
LIMIT_SECONDS = 200


@contextmanager
def answering(authority: SshAuthority, host_ids: list[str]) -> Iterator[list[int]]:
    """Ports of hosts that answer."""
    issued = [authority.issue_host(host_id, 1) for host_id in host_ids]
    keys = [{"private_key": key.private_key.get_secret_value(), "certificate": key.certificate} for key in issued]
    command = [sys.executable, "-m", fake_hosts.__name__]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(keys) + "\n")
    process.stdin.flush()
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def hosts(cloud: Cloud, product_environment: dict[str, str]) -> Iterator[None]:
    """Instances whose hosts answer, and some whose hosts take connections and say nothing; none is due yet."""
    assert product_environment
    keys = [cloud.state.secrets("hosts") / f"trove_ssh_{kind}_ca_key" for kind in ("user", "host")]
    authority = SshAuthority(*(key.read_text() for key in keys))
    ids = [new_id() for _ in range(HOSTS + SILENT)]
    with ExitStack() as opened:
        ports = opened.enter_context(answering(authority, ids[:HOSTS]))
        ports += [opened.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(SILENT)]
        with transaction() as session:
            session.execute(insert(Instance), [row(instance_id) for instance_id in ids])
            session.execute(insert(Host), [host_row(*pair) for pair in zip(ids, ports, strict=True)])
        try:
            yield
        finally:
            with transaction() as session:
                session.execute(delete(Host).where(Host.instance_id.in_(ids)))
                session.execute(delete(Instance).where(Instance.project_id == PROJECT))


def row(instance_id: str) -> dict[str, object]:
    """An instance that is ACTIVE, and looked at in a year."""
    return {
        "id": instance_id, "project_id": PROJECT, "name": instance_id, "region": "RegionOne",
        "datastore_version_id": catalog().version("postgresql", None).id, "flavor_id": "1", "flavor_name": "small",
        "memory_mb": 512, "cpus": 1, "volume_size": 1, "status": InstanceStatus.ACTIVE,
        "probe_due": now().replace(year=now().year + 1),
    }  # fmt: skip


def host_row(instance_id: str, port: int) -> dict[str, object]:
    """The host that serves it, of the same id."""
    return {
        "id": instance_id, "instance_id": instance_id, "phase": HostPhase.SERVING, "management_address": "127.0.0.1",
        "management_port": port, "management_username": "trove",
    }  # fmt: skip


def looked_at(status: str) -> int:
    """How many have the operating status that they are to have."""
    of = (Instance.project_id == PROJECT, Instance.operating_status == status)
    with transaction() as session:
        return session.scalar(select(func.count()).where(*of)) or 0


def test_health_probe(hosts: None) -> None:
    with transaction() as session:
        session.execute(update(Instance).where(Instance.project_id == PROJECT).values(probe_due=now()))
    began, ended, limit = None, None, time.monotonic() + LIMIT_SECONDS
    while looked_at("ERROR") < SILENT or ended is None:
        healthy, instant = looked_at("HEALTHY"), time.monotonic()
        began = began or (instant if healthy else None)
        ended = ended or (instant if healthy == HOSTS else None)
        assert instant < limit, f"{healthy} of {HOSTS} after {LIMIT_SECONDS} s"
        time.sleep(0.05)
    assert began is not None
    rate = HOSTS / (ended - began)
    show(
        "health",
        f"Health probe: {HOSTS} hosts that answer, {SILENT} that do not",
        [
            fact("hosts a second, one process", f"{rate:.0f}"),
            at_most(
                f"{INSTANCES} instances, one process, a run every 10 s", INSTANCES / rate, ROUND_SECONDS, "s",
                "an SSH connection costs CPU: more processes share the work",
            ),
        ],
    )  # fmt: skip
