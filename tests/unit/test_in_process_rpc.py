"""The in-process RPC driver under oslo.messaging: prompt delivery, and no waiting for those who are gone."""

import time
from collections.abc import Iterator

import oslo_messaging
import pytest
from oslo_config import cfg
from oslo_messaging._drivers import impl_fake

from deploy.local import patches


class Endpoint:
    def double(self, _context: object, number: int) -> int:
        return 2 * number


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[oslo_messaging.RPCClient]:
    monkeypatch.setattr(impl_fake, "FakeDriver", impl_fake.FakeDriver)
    patches.wake_in_process_rpc()
    cfg.CONF(args=[], project="test", default_config_files=[])
    transport = oslo_messaging.get_rpc_transport(cfg.CONF, "fake://")
    target = oslo_messaging.Target(topic="numbers", server="one")
    server = oslo_messaging.get_rpc_server(transport, target, [Endpoint()], executor="threading")
    server.start()
    yield oslo_messaging.get_rpc_client(transport, oslo_messaging.Target(topic="numbers"), timeout=5)
    server.stop()
    server.wait()
    transport.cleanup()


def test_calls_do_not_wait_for_a_poll(client: oslo_messaging.RPCClient) -> None:
    assert client.call({}, "double", number=1) == 2
    began = time.monotonic()
    for number in range(50):
        assert client.prepare(server="one").call({}, "double", number=number) == 2 * number
    assert time.monotonic() - began < 50 * 0.025


def test_a_call_to_nobody_fails_at_once(client: oslo_messaging.RPCClient) -> None:
    began = time.monotonic()
    with pytest.raises(oslo_messaging.MessagingTimeout, match="nobody listens as gone"):
        client.prepare(server="gone").call({}, "double", number=1)
    assert time.monotonic() - began < 1
