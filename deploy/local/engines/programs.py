"""Checks that an engine's programs are where its datastore.yaml says, by the engine's own check on a host."""

import os
import sysconfig
import tempfile
from pathlib import Path

from datastores.catalog import Datastore
from datastores.host import engine
from datastores.host.errors import HostError
from datastores.host.facts import Facts
from datastores.host.roles.server import Server
from deploy.local.engines.trees import SUBSTRATE


def software(engines: Path) -> dict[str, str]:
    """Return the fact `software` of local hosts: directories of the wheels, and of the private trees ("engines")."""
    return {"wheels": sysconfig.get_paths()["purelib"], "engines": str(engines)}


def problem(datastore: Datastore, version: str, engines: Path) -> str | None:
    """Return why local hosts cannot run a version, None if they can."""
    facts = Facts(
        host_id="check",
        substrate=SUBSTRATE,
        root=Path(tempfile.gettempdir()),
        address="127.0.0.1",
        user=None,
        python="python3",
        software=software(engines),
        memory_mb=512,
        cpus=os.cpu_count() or 1,
        volume_gb=1,
    )
    try:
        Server.of(engine.load(datastore.name, version, facts, datastore.model_dump(mode="json"))).install()
    except HostError as error:
        return str(error)
    return None
