"""TLS for clients: the server takes it in place of plain connections. In the mode `basic` it takes both, the plain ones
at another port.

The members of a group come to each other as clients with the certificate that they serve with; so the server, which has
one list of authorities, trusts those of the members beside those of the mode `mtls`.
"""

from __future__ import annotations

import subprocess

from datastores.host.roles import tls
from datastores.protocol.tls import TlsMode
from datastores.redis.engine import group
from datastores.redis.engine.node import Node

_PORT = "\ntls-port "
_TRIAL = "port 0\ntls-port 1\n"
_NEEDS = "tls-cert-file"  # what a server built with TLS asks for then; one without says that it has none


class Tls(tls.Tls):
    """TLS with which the server was started."""

    node: Node

    def served(self) -> bool:
        return _PORT in self.node.settings_file.started()

    def reload(self) -> bool:
        """Have the running server read certificate and key again, and change its mode. Raises Refused."""
        wanted = {**settings(self.node), "tls-replication": "no", **of_group(self.node)}
        words = [word for pair in wanted.items() for word in pair]
        with self.node.admin() as client:
            client.command("CONFIG", "SET", *words)
        return True


def settings(node: Node) -> dict[str, str]:
    """The settings of the certificate and the mode; all can change while the server runs."""
    facts, mode = node.facts, node.facts.tls_mode
    return {
        "port": str(node.plain_port if mode == TlsMode.BASIC else 0),
        "tls-cert-file": str(facts.certificate),
        "tls-key-file": str(facts.private_key),
        "tls-ca-cert-file": str(facts.client_authority) if mode == TlsMode.MTLS else "",
        "tls-auth-clients": "yes" if mode == TlsMode.MTLS else "no",
    }


def of_group(node: Node) -> dict[str, str]:
    """The settings that differ in a member of a group; none in another server."""
    if not group.is_joined(node) or not available(node):
        return {}
    facts = node.facts
    trusted = [facts.authority, *([facts.client_authority] if facts.tls_mode == TlsMode.MTLS else [])]
    node.write(node.authorities, "".join(path.read_text(encoding="utf-8") for path in trusted))
    return {"tls-ca-cert-file": str(node.authorities), "tls-replication": "yes"}


def available(node: Node) -> bool:
    """Whether this host has a certificate for the server and a build that can use it.

    Asked for TLS without a certificate, the program ends at once, and says why.
    """
    if not node.facts.has_certificate:
        return False
    pipe = subprocess.PIPE
    process = node.programs.popen([node.program, "-"], stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT)
    return _NEEDS in process.communicate(_TRIAL.encode())[0].decode("utf-8", "replace")
