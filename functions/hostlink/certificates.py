"""The TLS certificates of databases for their hosts: the tenant's, else a new one for each delivery."""

from datastores.protocol.engine import Certificate
from functions.hostlink.tls_ca import authority
from functions.state.endpoints import endpoints
from functions.state.hosts.models import Host
from functions.state.instances import instances
from functions.state.operations.context import TaskContext
from functions.state.tls import tls_certificates


def new_certificate(host: Host) -> Certificate:
    """Issue a certificate for the addresses of a host and of its group's endpoints, in the name of its instance."""
    addresses = [*host.addresses, *endpoints.addresses(instances.load(host.instance_id))]
    made = authority().issue_server(host.instance_id, [entry.address for entry in addresses])
    return Certificate(made.certificate, made.private_key.get_secret_value(), made.authority, made.expires.isoformat())


def certificate_for(context: TaskContext) -> Certificate:
    """Return the certificate that the step's spec asks for. Raises StepFailed if the tenant's is gone."""
    choice = context.spec.tls
    return new_certificate(context.host) if choice is None else tls_certificates.of_choice(choice)
