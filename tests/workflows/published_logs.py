"""A log that operations enable or disable, and publish: what they are given, and what they leave."""

from deploy.local.cloud import Cloud
from deploy.local.hosts.layout import HostDirectory
from functions.operations import instance_log
from functions.operations.instance_log import Request
from functions.state.instances.models import Instance
from functions.state.logs import logs
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation
from tests.support import publications
from tests.support.operations import host_id_of

LOG = "general"


def account(cloud: Cloud) -> str:
    """A project that has a Swift account."""
    return str(cloud.session("demo").get_project_id())


def accept(instance: Instance, caller: Caller, cloud: Cloud) -> Operation:
    """Enable the log or disable it, and publish it anew."""
    wanted = LOG not in instance.enabled_logs
    request = Request(log=LOG, account=account(cloud), enabled=wanted, publish=True, discard=True)
    return instance_log.accept_log(instance.id, request, caller)


def is_as_recorded(instance: Instance, cloud: Cloud) -> bool:
    """Whether what was published is what the host has, without gap or repetition, and the engine writes what the
    instance's row says."""
    host = HostDirectory.of(cloud.state.path, host_id_of(instance.id))
    stored = publications.stored(account(cloud), instance.id, f"postgresql-{LOG}")
    written = b"".join(path.read_bytes() for path in sorted((host.root / "log").glob("postgresql-*.log")))
    enabled = "log_statement = 'all'" in (host.root / "conf" / "host.conf").read_text()
    counted = logs.published(instance.id, LOG, account(cloud)).published_bytes
    return written.startswith(stored) and counted == len(stored) and enabled == (LOG in instance.enabled_logs)
