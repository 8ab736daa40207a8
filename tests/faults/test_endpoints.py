"""Endpoints when something dies: the proxy, the service that looks after it, Heat in the middle of a change."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import addresses
from deploy.local.cloud import Cloud
from deploy.local.endpoints import lifecycle
from functions.base.settings import get_settings
from functions.cloud import heat
from tests.support.endpoints import EndpointStack, an_endpoint, connect, eventually, greeted, hear, speakers


@pytest.fixture(scope="module")
def own() -> Iterator[Cloud]:
    """A cloud whose processes may be killed; the product's own Heat adapter speaks to it."""
    usual = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="trove-") as directory:
        Path(directory).chmod(0o755)
        made = Cloud(Path(directory) / "s")
        made.up()
        environment = made.function_environment("control")
        os.environ.update({name: value for name, value in environment.items() if name.startswith("TROVE_")})
        _forget_settings()
        yield made
        made.destroy()
    os.environ.clear()
    os.environ.update(usual)
    _forget_settings()


def _forget_settings() -> None:
    from functions.cloud.session import service_session

    get_settings.cache_clear()
    service_session.cache_clear()
    heat._stacks.cache_clear()


@pytest.fixture
def endpoint(own: Cloud) -> Iterator[EndpointStack]:
    with an_endpoint(own) as stack:
        yield stack


def kill_proxy(endpoint: EndpointStack) -> int:
    """kill -9 the endpoint's proxy; its former process id."""
    process = lifecycle.pid(endpoint.directory)
    assert process is not None
    os.kill(process, signal.SIGKILL)
    return process


def kill(cloud: Cloud, service: str) -> int:
    """kill -9 a service; its former process id."""
    process = cloud.pid(service)
    assert process is not None
    os.kill(process, signal.SIGKILL)
    return process


def leads_to(endpoint: EndpointStack, target: str, source: str = "") -> bool:
    """Whether new connections reach the target."""
    try:
        return greeted(endpoint.address, source).startswith(f"{target} ")
    except ConnectionRefusedError:
        return False


def back(cloud: Cloud, service: str, former: int) -> bool:
    """Whether everything is ready again, the service in another process."""
    status = cloud.status()
    return status is not None and status.ready and status.unit(service).pid != former


def test_a_killed_proxy_comes_back_as_it_was(
    own: Cloud, endpoint: EndpointStack, capsys: pytest.CaptureFixture[str]
) -> None:
    with speakers(own, 2) as servers:
        first, second = (server.address for server in servers)
        endpoint.lead_to(first)
        endpoint.lead_to(second, allowed_cidrs=["127.0.0.2/32"])
        former, began = kill_proxy(endpoint), time.monotonic()
        eventually(lambda: lifecycle.pid(endpoint.directory) not in {None, former}, "another process")
        eventually(lambda: leads_to(endpoint, second, "127.0.0.2"), "the endpoint serves again")
        with capsys.disabled():
            print(f"\n  serves again {(time.monotonic() - began) * 1000:.0f} ms after kill -9")
        assert greeted(endpoint.address, "127.0.0.3") == "", "the networks are as they were"
        endpoint.lead_to(first, allowed_cidrs=["127.0.0.2/32"])
        assert leads_to(endpoint, first, "127.0.0.2")


def test_a_proxy_killed_together_with_its_guardian_comes_back(own: Cloud, endpoint: EndpointStack) -> None:
    with speakers(own, 1) as [server]:
        endpoint.lead_to(server.address)
        guardian = kill(own, "endpoints")
        kill_proxy(endpoint)
        eventually(lambda: back(own, "endpoints", guardian), "the service is back")
        eventually(lambda: leads_to(endpoint, server.address), "the endpoint serves again")


def test_a_change_that_was_written_only_is_finished(own: Cloud, endpoint: EndpointStack) -> None:
    with speakers(own, 2) as servers:
        endpoint.lead_to(servers[0].address)
        process = lifecycle.pid(endpoint.directory)
        session = connect(endpoint.address)
        assert hear(session)
        facts = endpoint.directory.facts()
        assert facts is not None
        endpoint.directory.write(type(facts)(**{**vars(facts), "slots": (servers[1].address,)}))
        assert hear(session) == "", "the session to the former target is ended"
        eventually(lambda: leads_to(endpoint, servers[1].address), "the new target is led to")
        assert lifecycle.pid(endpoint.directory) == process, "no start was needed"


def test_a_proxy_without_its_file_of_the_process_is_replaced(own: Cloud, endpoint: EndpointStack) -> None:
    with speakers(own, 1) as [server]:
        endpoint.lead_to(server.address)
        former = lifecycle.pid(endpoint.directory)
        endpoint.directory.pid_file.unlink()
        eventually(lambda: lifecycle.pid(endpoint.directory) not in {None, former}, "another process")
        eventually(lambda: leads_to(endpoint, server.address), "the endpoint serves again")


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.3], ids=lambda delay: f"after {delay} s")
def test_heat_killed_in_the_middle_of_a_move(own: Cloud, endpoint: EndpointStack, delay: float) -> None:
    with speakers(own, 2) as servers:
        endpoint.lead_to(servers[0].address)
        address = endpoint.address
        endpoint.ask([servers[1].address])
        time.sleep(delay)
        former = kill(own, "heat")
        eventually(lambda: back(own, "heat", former), "Heat is back")
        endpoint.settled()
        assert leads_to(endpoint, servers[1].address)
        assert endpoint.address == address
        endpoint.lead_to(servers[0].address)
        assert leads_to(endpoint, servers[0].address)


def test_heat_killed_while_it_makes_and_deletes(own: Cloud) -> None:
    with an_endpoint(own) as endpoint, speakers(own, 1) as [server]:
        endpoint.ask([server.address])
        former = kill(own, "heat")
        eventually(lambda: back(own, "heat", former), "Heat is back")
        endpoint.settled()
        assert leads_to(endpoint, server.address)
        heat.delete(endpoint.name)
        former = kill(own, "heat")
        eventually(lambda: back(own, "heat", former), "Heat is back")
    assert not endpoint.directory.root.exists()
    assert lifecycle.endpoints(own.state.path) == []


def test_sessions_go_on_without_the_control_plane(own: Cloud, endpoint: EndpointStack) -> None:
    with speakers(own, 2) as servers:
        endpoint.lead_to(servers[0].address)
        session = connect(endpoint.address)
        assert hear(session)
        own.down()
        try:
            assert leads_to(endpoint, servers[0].address)
            session.settimeout(0.2)
            with pytest.raises(TimeoutError):
                session.recv(1)
            kill_proxy(endpoint)
        finally:
            own.up()
        eventually(lambda: leads_to(endpoint, servers[0].address), "`up` starts what has ended")
        endpoint.lead_to(servers[1].address)
        assert leads_to(endpoint, servers[1].address)


def test_endpoints_are_destroyed_with_the_cloud(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path / "s")
    cloud.state.prepare(os.getuid(), os.getgid())
    addresses.load_or_choose(cloud.state.path)
    with speakers(cloud, 1) as [server]:
        spec = lifecycle.EndpointSpec("0123", "o", "primary", (5432,), (), (server.address,))
        endpoint = lifecycle.ensure(cloud.state.path, spec)
        process = lifecycle.pid(endpoint)
        assert process is not None
        cloud.destroy()
    assert not Path(f"/proc/{process}/cwd").exists()
    assert not cloud.state.path.exists()
