"""In-process RPC without delays.

oslo.messaging's `fake://` driver suits a service that runs in one process, but its listeners poll every 50 ms. These
listeners wait on a condition. A call to a server that does not listen in this process fails at once, since no other
process can answer it. (Heat calls a dead engine to find out whether it lives.)
"""
# ruff: noqa: ANN401 - oslo.messaging has no types
# mypy: disable-error-code="misc,untyped-decorator,no-any-return"

import threading
import time
from typing import Any

import oslo_messaging
from oslo_messaging._drivers import base, impl_fake

_arrived = threading.Condition()
_servers: set[tuple[str, str]] = set()
"""Topic and name of every server of this process, shared by all drivers as the fake driver's exchanges are."""


class InProcessExchange(impl_fake.FakeExchange):
    """An exchange that wakes the listeners when it gets a message."""

    def deliver_message(self, *arguments: Any, **options: Any) -> None:
        """Put a message in its queues and wake the listeners."""
        super().deliver_message(*arguments, **options)
        with _arrived:
            _arrived.notify_all()


class InProcessExchangeManager(impl_fake.FakeExchangeManager):
    """Creates exchanges of the class InProcessExchange."""

    def get_exchange(self, name: str | None) -> InProcessExchange:
        """Return the exchange of a name; create it at first use."""
        name = name or self._default_exchange
        with self._exchanges_lock:
            return self._exchanges.setdefault(name, InProcessExchange(name))


class InProcessListener(impl_fake.FakeListener):
    """A listener that sleeps until a message arrives."""

    @base.batch_poll_helper
    def poll(self, timeout: float | None = None) -> Any:
        """Return the next message, or None after `timeout` seconds or when stopped."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with _arrived:
            while not self._stopped.is_set():
                message = self._take()
                if message is not None:
                    return message
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return None
                _arrived.wait(left)
        return None

    def stop(self) -> None:
        """End `poll`, which then returns None."""
        super().stop()
        with _arrived:
            _arrived.notify_all()

    def _take(self) -> Any:
        for target in self._targets:
            exchange = self._exchange_manager.get_exchange(target.exchange)
            context, message, reply_queue, requeue = exchange.poll(target, self._pool)
            if message is not None:
                return impl_fake.FakeIncomingMessage(context, message, reply_queue, requeue)
        return None


class InProcessDriver(impl_fake.FakeDriver):
    """The fake driver with exchanges that wake their listeners."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._exchange_manager = InProcessExchangeManager(self._default_exchange)

    def listen(self, target: Any, batch_size: int, batch_timeout: float | None) -> Any:
        """Listen on the server's own queue and on the topic's."""
        _servers.add((target.topic, target.server))
        exchange = target.exchange or self._default_exchange
        targets = [
            oslo_messaging.Target(topic=target.topic, server=target.server, exchange=exchange),
            oslo_messaging.Target(topic=target.topic, exchange=exchange),
        ]
        listener = InProcessListener(self._exchange_manager, targets)
        return base.PollStyleListenerAdapter(listener, batch_size, batch_timeout)

    def _send(  # noqa: PLR0917 - the upstream signature
        self,
        target: Any,
        ctxt: Any,
        message: Any,
        wait_for_reply: bool | None = None,
        timeout: float | None = None,
        transport_options: Any = None,
    ) -> Any:
        if wait_for_reply and target.server and (target.topic, target.server) not in _servers:
            raise oslo_messaging.MessagingTimeout(f"nobody listens as {target.server} on {target.topic}")
        return super()._send(target, ctxt, message, wait_for_reply, timeout, transport_options)
