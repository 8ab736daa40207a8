"""How clients reach a database: the endpoints of its group, and connection strings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from functions.entrypoint.version_catalog import CatalogEntry
from functions.state.endpoints.models import Endpoint
from functions.state.instances.models import Instance

CONNECTIONS_SINCE = 2
"""N of the first microversion 1.N that has endpoints and connection strings."""


@dataclass(frozen=True)
class GroupAddresses:
    """Where the members of a group are reached together."""

    endpoints: tuple[Endpoint, ...] = ()
    members: tuple[str, ...] = ()
    """An address of each member, the primary's first."""


def connections_view(instance: Instance, entry: CatalogEntry, group: GroupAddresses) -> dict[str, object]:
    """Return the endpoints of the instance's group, and the connection strings of its datastore's clients."""
    port = entry.version.ports[0]
    endpoints = [
        {
            "kind": each.kind,
            "addresses": [address.model_dump(exclude_none=True) for address in each.addresses],
            "port": port,
        }
        for each in group.endpoints
        if each.addresses
    ]
    is_tls = instance.host is not None and instance.host.certificate_expires is not None
    strings = [
        {"to": to, "form": form, "text": text}
        for to, addresses in _ways(instance, group)
        for form, known in entry.datastore.connection_strings.items()
        if (text := known.text(addresses, port, tls=is_tls)) is not None
    ]
    return {"endpoints": endpoints, "connection_strings": strings}


def _ways(instance: Instance, group: GroupAddresses) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the ways to the database with the addresses to name for each."""
    yield "instance", [address.address for address in instance.host.addresses[:1]] if instance.host else []
    for endpoint in group.endpoints:
        yield endpoint.kind, [address.address for address in endpoint.addresses[:1]]
    if len(group.members) > 1:
        yield "members", group.members
