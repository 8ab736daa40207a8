"""The Heat files on the real Heat: a stack on the local substrate, and the Nova substrate as Heat validates it."""

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from heatclient.common import template_utils
from heatclient.v1.client import Client

from deploy.local.cloud import Cloud
from deploy.local.hosts import lifecycle
from deploy.local.hosts.layout import HostDirectory
from deploy.local.hosts.lifecycle import HostError
from deploy.local.hosts.processes import processes_of
from functions.cloud import heat
from functions.hostlink import ssh
from functions.hostlink.ssh_ca import SshAuthority
from tests.support.ssh import new_authority

HEAT = Path(__file__).parents[2] / "deploy" / "heat"
TEMPLATE = HEAT / "instance.yaml"
LOCAL = HEAT / "substrates" / "local.yaml"
NOVA = HEAT / "substrates" / "nova.yaml"
OCTAVIA = HEAT / "substrates" / "nova_octavia.yaml"
ENDPOINT = HEAT / "endpoint.yaml"
NOVA_HOST = HEAT / "substrates" / "nova_host.yaml"
WAIT = 60.0
SERVICE_UNAVAILABLE = "99001"
"""Heat's code for a resource whose service is not in the catalog: there is no Nova here."""

pytestmark = pytest.mark.usefixtures("product_environment")


def parameters_for(authority: SshAuthority, host_id: str) -> dict[str, object]:
    key = authority.issue_host(host_id, 30)
    return {
        "instance_id": str(uuid.uuid4()),
        "host_id": host_id,
        "project_id": uuid.uuid4().hex,
        "datastore": "postgresql",
        "version": "18",
        "flavor": "small",
        "memory": 512,
        "cpus": 1,
        "volume_size": 1,
        "ports": [5432, 6432],
        "allowed_cidrs": ["10.0.0.0/8", "2001:db8::/32"],
        "public": False,
        "ssh_user_ca": authority.user_ca_public,
        "host_key": key.private_key.get_secret_value(),
        "host_certificate": key.certificate,
    }


def wait_for(stack: str, condition: Callable[[heat.StackStatus], bool]) -> heat.StackStatus:
    deadline = time.monotonic() + WAIT
    while not condition(status := heat.status(stack)):
        assert time.monotonic() < deadline, f"stack is {status}"
        time.sleep(0.1)
    return status


def at_rest(status: heat.StackStatus) -> bool:
    return status.state != "in_progress"


@pytest.fixture(scope="module")
def authority() -> SshAuthority:
    return new_authority()


@pytest.fixture
def stack() -> Iterator[str]:
    """Name of a stack; it is gone after the test."""
    name = f"trove-{uuid.uuid4()}"
    yield name
    heat.delete(name)
    wait_for(name, lambda status: status.state == "absent")


def answers(status: heat.StackStatus, authority: SshAuthority, host_id: str) -> bool:
    address = ssh.HostAddress(
        host_id=host_id,
        address=status.outputs["management_address"],
        port=status.outputs["management_port"],
        username=status.outputs["username"],
    )
    return ssh.run(address, authority.issue_user(host_id, "operation-1"), ["true"]).exit_status == 0


def test_a_stacks_whole_life(cloud: Cloud, authority: SshAuthority, stack: str) -> None:
    host_id = str(uuid.uuid4())
    parameters = parameters_for(authority, host_id)
    host = HostDirectory.of(cloud.state.path, host_id)
    assert heat.status(stack).state == "absent"

    heat.apply(stack, TEMPLATE, LOCAL, parameters, tags=["trove"])
    heat.apply(stack, TEMPLATE, LOCAL, parameters, tags=["trove"])
    status = wait_for(stack, at_rest)
    assert (status.state, status.action) == ("complete", "CREATE"), status.reason
    address = host.facts().address
    assert status.outputs["addresses"] == [{"address": address, "type": "private"}]
    assert answers(status, authority, host_id)
    heat.apply(stack, TEMPLATE, LOCAL, parameters, tags=["trove"])
    assert heat.status(stack).action == "CREATE", "nothing changed, nothing is done"

    (host.root / "data" / "kept").touch()
    heat.apply(stack, TEMPLATE, LOCAL, {**parameters, "memory": 1024})
    status = wait_for(stack, at_rest)
    assert (status.state, status.action) == ("complete", "UPDATE"), status.reason
    assert host.facts().memory_mb == 1024
    assert (host.root / "data" / "kept").exists()
    assert status.outputs["management_address"] == address

    heat.delete(stack)
    heat.delete(stack)
    wait_for(stack, lambda status: status.state == "absent")
    heat.delete(stack)
    assert not host.root.exists()
    assert processes_of(host) == []


def test_an_isolated_host_has_no_process_until_it_is_let_back(
    cloud: Cloud, authority: SshAuthority, stack: str
) -> None:
    host_id = str(uuid.uuid4())
    parameters = parameters_for(authority, host_id)
    host = HostDirectory.of(cloud.state.path, host_id)
    heat.apply(stack, TEMPLATE, LOCAL, parameters)
    status = wait_for(stack, at_rest)
    assert answers(status, authority, host_id)
    (host.boot / "database").write_text(f"#!/bin/sh\ntouch {host.root}/data/served\n")
    (host.boot / "database").chmod(0o700)
    resource = Client(session=cloud.session("trove")).resources.get(stack, "host").physical_resource_id

    for change in ({"isolated": True}, {"isolated": True, "memory": 1024}):
        heat.apply(stack, TEMPLATE, LOCAL, {**parameters, **change})
        status = wait_for(stack, at_rest)
        assert (status.state, status.action) == ("complete", "UPDATE"), status.reason
        assert processes_of(host) == []
        with pytest.raises(HostError, match="is isolated"):
            lifecycle.boot(host)
        assert host not in lifecycle.boot_all(cloud.state.path)
        assert processes_of(host) == []
    assert Client(session=cloud.session("trove")).resources.get(stack, "host").physical_resource_id == resource

    heat.apply(stack, TEMPLATE, LOCAL, {**parameters, "isolated": False})
    status = wait_for(stack, at_rest)
    assert status.state == "complete", status.reason
    assert answers(status, authority, host_id)
    assert not (host.root / "data" / "served").exists(), "a former primary is not started by the boot"


def test_the_host_key_shows_nowhere(cloud: Cloud, authority: SshAuthority, stack: str) -> None:
    host_id = str(uuid.uuid4())
    parameters = parameters_for(authority, host_id)
    heat.apply(stack, TEMPLATE, LOCAL, parameters)
    assert wait_for(stack, at_rest).state == "complete"
    secret = str(parameters["host_key"]).splitlines()[2]
    client = Client(session=cloud.session("trove"))
    shown = client.stacks.get(stack)
    assert secret not in str(shown.to_dict())
    assert secret not in str(client.resources.get(stack, "host").to_dict())
    for log in (cloud.state.path / "log").iterdir():
        assert secret not in log.read_text(errors="replace")
    assert secret not in HostDirectory.of(cloud.state.path, host_id).sshd_log.read_text()


def test_a_refused_stack_says_why(authority: SshAuthority, stack: str) -> None:
    parameters = parameters_for(authority, str(uuid.uuid4()))
    del parameters["flavor"]
    with pytest.raises(heat.StackFailed, match="flavor"):
        heat.apply(stack, TEMPLATE, LOCAL, parameters)
    assert heat.status(stack).state == "absent"


def validate(
    cloud: Cloud, template_file: Path, environment_file: Path, parameters: dict[str, object] | None = None
) -> dict[str, Any]:
    files, template = template_utils.get_template_contents(str(template_file))
    environment_files, environment = template_utils.process_environment_and_files(str(environment_file))
    found: dict[str, Any] = Client(session=cloud.session("trove")).stacks.validate(
        template=template,
        environment=environment | {"parameters": parameters or {}},
        files={**files, **environment_files},
        show_nested=True,
        ignore_errors=SERVICE_UNAVAILABLE,
    )
    return found


@pytest.mark.parametrize("environment", [LOCAL, NOVA, OCTAVIA], ids=lambda path: path.stem)
def test_heat_accepts_every_substrate(cloud: Cloud, environment: Path) -> None:
    found = validate(cloud, TEMPLATE, environment)
    assert found["Parameters"]["host_key"]["NoEcho"] == "true"
    assert validate(cloud, ENDPOINT, environment)["Parameters"]["targets"]["Type"] == "CommaDelimitedList"


@pytest.mark.parametrize(
    "name", ["nova_endpoint.yaml", "octavia_endpoint.yaml", "octavia_port.yaml", "octavia_member.yaml"]
)
def test_heat_accepts_each_template_of_endpoints_by_itself(cloud: Cloud, name: str) -> None:
    template = HEAT / "substrates" / name
    examples = {"kind": "readers", "index": 0, "targets": "10.0.0.5", "ports": "5432", "port": 5432}
    known = template_utils.get_template_contents(str(template))[1]["parameters"]
    validate(cloud, template, OCTAVIA, {key: value for key, value in examples.items() if key in known})


def test_heat_accepts_the_nova_template_by_itself(cloud: Cloud) -> None:
    found = validate(cloud, NOVA_HOST, NOVA)
    assert found["Parameters"]["image"]["Default"] == "trove-host"
