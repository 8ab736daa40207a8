"""The embedded cloud by itself: what it serves, what survives kill -9 of its processes, and two side by side."""

import hashlib
import hmac
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
import requests
from keystoneauth1.adapter import Adapter
from keystoneauth1.exceptions import Unauthorized
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session

from deploy.local.addresses import PORTS
from deploy.local.cloud import Cloud
from deploy.local.errors import LocalError
from deploy.local.units import SERVICES

LIMIT = 60
"""Seconds that anything may take here."""

NOOP_CHAIN = """
version: '2.0'
noop_chain:
  tasks:
    first: {action: std.noop, wait-before: 1, on-success: second}
    second: {action: std.noop, on-success: third}
    third: {action: std.noop, on-success: fourth}
    fourth: {action: std.noop}
"""


@pytest.fixture(scope="module")
def own() -> Iterator[Cloud]:
    """A cloud whose processes may be killed."""
    with tempfile.TemporaryDirectory(prefix="trove-") as directory:
        Path(directory).chmod(0o755)
        made = Cloud(Path(directory) / "s")
        made.up()
        yield made
        made.destroy()


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds."""
    limit = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < limit, f"not within {LIMIT} s: {what}"
        time.sleep(0.05)


def kill(cloud: Cloud, service: str) -> int:
    """kill -9 a service; its former process id."""
    pid = cloud.pid(service)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


def back(cloud: Cloud, service: str, former: int) -> bool:
    """Whether everything is ready again, the service in another process."""
    status = cloud.status()
    return status is not None and status.ready and status.unit(service).pid != former


def start_noop_chain(cloud: Cloud) -> tuple[Adapter, str]:
    """Start a workflow of four tasks; Mistral and the execution's id."""
    mistral = Adapter(cloud.session("trove"), service_type="workflowv2", raise_exc=True)
    mistral.post("/workflows", data=NOOP_CHAIN, headers={"Content-Type": "text/plain"}, raise_exc=False)
    started = mistral.post("/executions", json={"id": str(uuid.uuid4()), "workflow_name": "noop_chain"})
    return mistral, started.json()["id"]


def execution_state(mistral: Adapter, execution: str) -> str:
    """The state of an execution; nothing while Mistral is away."""
    try:
        return str(mistral.get(f"/executions/{execution}").json()["state"])
    except OSError:
        return "UNKNOWN"


def stack_body(kind: str, properties: dict[str, object]) -> dict[str, object]:
    """A stack of one resource."""
    template = {"heat_template_version": "2018-08-31", "resources": {"one": {"type": kind, "properties": properties}}}
    return {"stack_name": f"test-{uuid.uuid4().hex[:8]}", "template": template, "timeout_mins": 2}


def stack_status(heat: Adapter, name: str) -> str:
    """The status of a stack, GONE when there is none."""
    answer = heat.get(f"/stacks/{name}", raise_exc=False)
    return "GONE" if answer.status_code == 404 else str(answer.json()["stack"]["stack_status"])


def create_stack(cloud: Cloud, kind: str, properties: dict[str, object]) -> tuple[Adapter, str]:
    """Ask for a stack; Heat and the stack's name."""
    heat = Adapter(cloud.session("trove"), service_type="orchestration", raise_exc=True)
    body = stack_body(kind, properties)
    heat.post("/stacks", json=body)
    return heat, str(body["stack_name"])


def delete_stack(heat: Adapter, name: str) -> None:
    """Delete a stack and wait for its end."""
    heat.delete(f"/stacks/{name}")
    eventually(lambda: stack_status(heat, name) == "GONE", "the stack is gone")


def test_two_clouds_run_side_by_side(own: Cloud, cloud: Cloud) -> None:
    assert own.addresses.network != cloud.addresses.network
    for each in (own, cloud):
        for tenant in ("demo", "other", "admin"):
            assert each.session(tenant).get_project_id()


def test_a_wrong_password_is_refused(own: Cloud) -> None:
    auth = Password(
        auth_url=own.addresses.url("keystone", "/v3"),
        username="demo",
        password="wrong",
        project_name="demo",
        user_domain_name="Default",
        project_domain_name="Default",
    )
    with pytest.raises(Unauthorized):
        Session(auth=auth).get_token()


@pytest.mark.parametrize("service", ["heat", "mistral", "swift", "entrypoint"])
def test_every_service_wants_a_token(own: Cloud, service: str) -> None:
    paths = {
        "heat": "/v1/x/stacks",
        "mistral": "/v2/workflows",
        "swift": "/v1/AUTH_x",
        "entrypoint": "/v1.0/x/instances",
    }
    answer = requests.get(f"http://{own.addresses.control}:{PORTS[service]}{paths[service]}", timeout=LIMIT)
    assert answer.status_code == 401


def test_the_openstack_command_logs_in_with_clouds_yaml(own: Cloud) -> None:
    command = [str(Path(sys.executable).with_name("openstack")), "token", "issue", "-f", "value", "-c", "project_id"]
    environment = {**os.environ, "OS_CLIENT_CONFIG_FILE": str(own.state.clouds_yaml), "OS_CLOUD": "demo"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=LIMIT)
    assert done.stdout.strip() == own.session("demo").get_project_id()
    assert own.state.clouds_yaml.stat().st_mode & 0o777 == 0o600


def test_a_workflow_runs(own: Cloud) -> None:
    mistral, execution = start_noop_chain(own)
    eventually(lambda: execution_state(mistral, execution) == "SUCCESS", "the workflow succeeds")


def test_a_stack_is_made_and_deleted(own: Cloud) -> None:
    heat, name = create_stack(own, "OS::Heat::RandomString", {"length": 12})
    eventually(lambda: stack_status(heat, name) == "CREATE_COMPLETE", "the stack is complete")
    delete_stack(heat, name)


def test_a_prefix_tempurl_reaches_its_prefix_only(own: Cloud) -> None:
    session = own.session("trove")
    account = str(session.get_endpoint(service_type="object-store"))
    key, expires = "a-key", int(time.time()) + 60
    session.post(account, headers={"X-Account-Meta-Temp-URL-Key": key})
    session.put(f"{account}/box")
    path = f"{account.removeprefix(own.addresses.url('swift'))}/box/"
    signed = hmac.new(key.encode(), f"PUT\n{expires}\nprefix:{path}inside/".encode(), hashlib.sha256).hexdigest()
    query = f"temp_url_sig={signed}&temp_url_expires={expires}&temp_url_prefix=inside/"
    assert requests.put(f"{account}/box/inside/a?{query}", data=b"content", timeout=LIMIT).status_code == 201
    assert requests.put(f"{account}/box/outside?{query}", data=b"content", timeout=LIMIT).status_code == 401
    assert session.get(f"{account}/box/inside/a").content == b"content"


@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_service_comes_back(own: Cloud, service: str) -> None:
    former = kill(own, service)
    eventually(lambda: back(own, service, former), f"{service} is back")
    assert own.session("demo").get_project_id()


def test_a_workflow_survives_mistral(own: Cloud) -> None:
    mistral, execution = start_noop_chain(own)
    former = kill(own, "mistral")
    eventually(lambda: back(own, "mistral", former), "Mistral is back")
    eventually(lambda: execution_state(mistral, execution) == "SUCCESS", "the workflow succeeds")


def test_a_workflow_whose_message_was_lost_is_resumed(own: Cloud) -> None:
    mistral, execution = start_noop_chain(own)
    eventually(lambda: execution_state(mistral, execution) == "SUCCESS", "the workflow succeeds")
    lose_last_message(own, execution)
    former = kill(own, "mistral")
    eventually(lambda: back(own, "mistral", former), "Mistral is back")
    eventually(lambda: execution_state(mistral, execution) == "SUCCESS", "the workflow succeeds again")


def lose_last_message(cloud: Cloud, execution: str) -> None:
    """Put an execution into the state that a crash leaves when the message that starts its last task is lost."""
    with psycopg2.connect(host=str(cloud.state.run), user="mistral", dbname="mistral") as connection:
        cursor = connection.cursor()
        cursor.execute("UPDATE workflow_executions_v2 SET state = 'RUNNING' WHERE id = %s", (execution,))
        cursor.execute(
            "UPDATE task_executions_v2 SET state = 'IDLE', processed = false"
            " WHERE workflow_execution_id = %s AND name = 'fourth'",
            (execution,),
        )
    connection.close()


def test_a_stack_survives_heat(own: Cloud) -> None:
    heat, name = create_stack(own, "OS::Heat::TestResource", {"value": "x", "action_wait_secs": {"create": 3}})
    former = kill(own, "heat")
    eventually(lambda: back(own, "heat", former), "Heat is back")
    eventually(lambda: stack_status(heat, name) in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}, "the stack is complete")
    delete_stack(heat, name)


def test_a_deletion_survives_heat(own: Cloud) -> None:
    heat, name = create_stack(own, "OS::Heat::TestResource", {"value": "x", "action_wait_secs": {"delete": 3}})
    eventually(lambda: stack_status(heat, name) == "CREATE_COMPLETE", "the stack is complete")
    heat.delete(f"/stacks/{name}")
    eventually(lambda: stack_status(heat, name) == "DELETE_IN_PROGRESS", "the deletion began")
    former = kill(own, "heat")
    eventually(lambda: back(own, "heat", former), "Heat is back")
    eventually(lambda: stack_status(heat, name) == "GONE", "the stack is gone")


def test_all_dies_with_the_supervisor_and_up_continues(own: Cloud) -> None:
    session = own.session("trove")
    account = str(session.get_endpoint(service_type="object-store"))
    session.put(f"{account}/kept")
    status = own.status()
    assert status is not None
    children = psutil.Process(status.supervisor).children(recursive=True)
    os.kill(status.supervisor, signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=LIMIT)
    assert not alive
    own.up()
    assert session.head(f"{account}/kept").status_code == 204


def test_up_again_changes_nothing(own: Cloud) -> None:
    before = {service: own.pid(service) for service in SERVICES}
    own.up()
    assert {service: own.pid(service) for service in SERVICES} == before


def test_down_and_up_keep_everything(own: Cloud) -> None:
    project = own.session("demo").get_project_id()
    own.down()
    assert own.status() is None
    own.up()
    assert own.session("demo").get_project_id() == project


def test_a_state_of_another_version_is_refused(own: Cloud) -> None:
    own.down()
    version = own.state.path / "version"
    kept = version.read_text()
    version.write_text("0\n")
    with pytest.raises(LocalError, match="another release"):
        own.up()
    version.write_text(kept)
    own.up()
