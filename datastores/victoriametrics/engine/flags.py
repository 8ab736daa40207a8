"""The flags: "List of command-line flags" in the manual, given as variables."""

from __future__ import annotations

import hashlib
import re
import shlex

from datastores.host import bearer
from datastores.host.settings import check_names, one_line
from datastores.protocol.engine import Settings
from datastores.victoriametrics.engine.node import Node

_MARK = "TROVE_FLAGS"  # a variable that is no flag, but tells which flags a server was started with
_FLAG = re.compile(r"[a-zA-Z]+(\.[a-zA-Z]+)*")


def variables(node: Node, settings: Settings) -> dict[str, str]:
    """The flags of settings and of this host. Raises BadRequest for one that cannot be written."""
    check_names(settings, _FLAG, "a flag of VictoriaMetrics")
    facts, key = node.facts, bearer.key_file(node.facts).read_text()
    fixed: Settings = {
        "storageDataPath": node.data,
        "httpListenAddr": f"{facts.address}:{node.port}",
        "snapshotAuthKey": key,
        "pprofAuthKey": key,
        "loggerLevel": "WARN",
    }
    if facts.has_certificate:
        fixed |= {"tls": True, "tlsCertFile": facts.certificate, "tlsKeyFile": facts.private_key}
    # "-envflag.enable" in the manual: a dot in a flag's name is an underscore in the variable's
    return {
        name.replace(".", "_"): one_line(value, true="true", false="false")
        for name, value in {**settings, **fixed}.items()
    }


def write(node: Node, flags: dict[str, str]) -> None:
    """Make these the flags of the next start."""
    text = "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(flags.items()))
    node.write(node.flags_file.path, f"{text}{_MARK}={hashlib.sha256(text.encode()).hexdigest()}\n")


def changed(node: Node) -> bool:
    """Return whether the server runs with other flags than it would be started with."""
    running = node.daemon.variable(_MARK)
    return running is not None and f"{_MARK}={running}\n" not in node.flags_file.path.read_text()
