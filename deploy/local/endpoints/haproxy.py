"""HAProxy as the proxy of one endpoint: its configuration, and the commands that change a running one.

The process works in the endpoint's directory, so that the path of its command socket is short. Each port is a front end
and a back end of the name `port-N`, with a server `target-N` for each slot; a free slot is in maintenance.
"""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

from deploy.local.endpoints.layout import EndpointFacts

CONNECT_SECONDS = 2
"""Seconds after which a connection to a target that does not answer is given up, and the client's is closed."""
ANSWER_SECONDS = 2.0
"""Seconds to wait for the answer to commands."""
MAX_CONNECTIONS = 2000
"""Sessions of one endpoint at once, if the limit of open files allows them."""
EVERYBODY = ("0.0.0.0/0", "::/0")
NOBODY = "0.0.0.0"  # noqa: S104 - the address of a free slot, on which nothing listens
SOCKET = "ctl"
NETWORKS = "networks"
_CHUNK = 65_536
_ADDRESS, _STATE = 4, 5
"""Columns of `show servers state`: the server's address, and its state, in which 0 is stopped."""

_GLOBAL = f"""\
global
  stats socket unix@{SOCKET} mode 600 level admin
  maxconn {MAX_CONNECTIONS}
  nbthread 1
  no strict-limits

defaults
  mode tcp
  timeout connect {CONNECT_SECONDS}s
  timeout client 24d
  timeout server 24d
  option clitcpka
  option srvtcpka
  clitcpka-idle 30s
  clitcpka-intvl 5s
  clitcpka-cnt 3
  srvtcpka-idle 30s
  srvtcpka-intvl 5s
  srvtcpka-cnt 3
"""
"""Sessions may be idle for as long as clients like; a peer that is gone is noticed after 45 seconds of silence."""
_ONE_TARGET = "  retries 0\n"
_MANY_TARGETS = "  balance leastconn\n  retries 3\n  option redispatch 1\n"
"""A connection that a reader refuses is led to another one."""


def configuration(facts: EndpointFacts) -> str:
    """Return the configuration file of an endpoint."""
    return "\n".join([_GLOBAL, *(_port(facts, port) for port in facts.ports)])


def networks(facts: EndpointFacts) -> str:
    """Return the file of the networks that may connect."""
    return "".join(f"{cidr}\n" for cidr in _networks(facts))


def commands(before: EndpointFacts, after: EndpointFacts) -> list[str]:
    """Return the commands that lead new sessions to the new targets and end the sessions to the former ones."""
    return [command for port in after.ports for command in _moves(port, before, after)]


def set_networks(root: Path, facts: EndpointFacts) -> None:
    """Have the running proxy use the networks from now on. Sessions go on. Raises OSError if it does not answer."""
    version = tell(root, [f"prepare acl {NETWORKS}"]).strip().rpartition(" ")[2]
    added = [f"add acl @{version} {NETWORKS} {cidr}" for cidr in _networks(facts)]
    tell(root, [*added, f"commit acl @{version} {NETWORKS}"])


def has_targets(root: Path, facts: EndpointFacts) -> bool:
    """Return whether the running proxy leads to the slots' addresses. Raises OSError if it does not answer."""
    wanted = [(target or None) for target in facts.slots]
    return all(list(_running_slots(root, port)) == wanted for port in facts.ports)


def tell(root: Path, words: list[str]) -> str:
    """Send commands to the proxy that works in a directory; return its answer. Raises OSError if there is none."""
    directory = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(f"/proc/self/fd/{directory}/{SOCKET}")  # a path of any length
            connection.sendall((";".join(words) + "\n").encode())
            return b"".join(iter(lambda: connection.recv(_CHUNK), b"")).decode()
    finally:
        os.close(directory)


def _port(facts: EndpointFacts, port: int) -> str:
    servers = "".join(
        f"  server target-{slot} {target or NOBODY}:{port}{'' if target else ' disabled'}\n"
        for slot, target in enumerate(facts.slots)
    )
    return (
        f"frontend port-{port}\n"
        f"  bind {facts.address}:{port}\n"
        f"  tcp-request connection reject unless {{ src -f {NETWORKS} }}\n"
        f"  default_backend port-{port}\n\n"
        f"backend port-{port}\n"
        f"  source {facts.address}\n"
        f"{_ONE_TARGET if len(facts.slots) == 1 else _MANY_TARGETS}{servers}"
    )


def _networks(facts: EndpointFacts) -> tuple[str, ...]:
    return facts.allowed_cidrs or EVERYBODY


def _moves(port: int, before: EndpointFacts, after: EndpointFacts) -> Iterator[str]:
    for slot, (old, new) in enumerate(zip(before.slots, after.slots, strict=True)):
        if old == new:
            continue
        server = f"port-{port}/target-{slot}"
        if new:
            yield f"set server {server} addr {new}"
            yield f"set server {server} state ready"
        else:
            yield f"set server {server} state maint"
        yield f"shutdown sessions server {server}"


def _running_slots(root: Path, port: int) -> Iterator[str | None]:
    """Yield the address of each slot, None for one that is stopped."""
    lines = tell(root, [f"show servers state port-{port}"]).splitlines()
    for columns in (line.split() for line in lines[2:] if line.strip()):
        yield columns[_ADDRESS] if columns[_STATE] != "0" else None
