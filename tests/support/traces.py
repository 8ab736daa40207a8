"""What instances and backups of a project leave in the cloud, wherever it is: to be compared before and after."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import psutil
from keystoneauth1.adapter import Adapter

from deploy.local.cloud import Cloud
from functions.state.database import transaction
from functions.state.quotas import quotas
from functions.state.quotas.quotas import Usage

NOT_FOUND = 404


@dataclass(frozen=True)
class Traces:
    """Needs the fixture `product_environment`."""

    stacks: frozenset[str]
    host_directories: frozenset[str]
    hosts_with_processes: frozenset[str]
    objects: frozenset[str]
    usage: Usage
    """What counts against the project's quota."""


def traces(cloud: Cloud, project_id: str) -> Traces:
    """Everything there is now."""
    with transaction() as session:
        usage = quotas.usage(session, project_id)
    hosts = (cloud.state.path / "hosts").resolve()
    return Traces(
        stacks(cloud),
        frozenset(path.name for path in hosts.iterdir() if path.is_dir() and not path.name.startswith(".")),
        frozenset(_hosts_with_processes(hosts)),
        objects(cloud, f"trove_backups_{project_id}"),
        usage,
    )


def stacks(cloud: Cloud) -> frozenset[str]:
    """Names of the service project's stacks, asked of Heat, which lists a deleted one for a moment."""
    listed = Adapter(cloud.session("trove"), service_type="orchestration", interface="public").get("/stacks").json()
    return frozenset(stack["stack_name"] for stack in listed["stacks"] if stack["stack_status"] != "DELETE_COMPLETE")


def objects(cloud: Cloud, container: str, prefix: str = "") -> frozenset[str]:
    """Names of a container's objects in the service account, asked of Swift."""
    store = Adapter(cloud.session("trove"), service_type="object-store", interface="public")
    reply = store.get(f"/{container}", params={"format": "json", "prefix": prefix}, raise_exc=False)
    if reply.status_code == NOT_FOUND:
        return frozenset()
    assert reply.ok, f"Swift answers {reply.status_code} to the listing of {container}: {reply.text}"
    return frozenset(entry["name"] for entry in reply.json())


def _hosts_with_processes(hosts: Path) -> set[str]:
    found = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            for place in (process.environ().get("TROVE_HOST_FACTS", ""), process.cwd()):
                if Path(place).is_relative_to(hosts):
                    found.add(Path(place).relative_to(hosts).parts[0])
    return found
