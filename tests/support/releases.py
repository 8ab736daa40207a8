"""The datastore versions that this machine can run: what the conformance suite goes through."""

from dataclasses import dataclass

from datastores import conformance
from datastores.catalog import Capability, Datastore, DatastoreVersion, catalog
from datastores.conformance import Conformance
from deploy.local.engines import availability, trees


@dataclass(frozen=True)
class Release:
    """A version of a datastore, and how the suite uses it."""

    datastore: Datastore
    version: DatastoreVersion

    def __str__(self) -> str:
        return f"{self.datastore.name}-{self.version.name}"

    def can(self, capability: Capability) -> bool:
        """Whether the version has a capability."""
        return capability in self.version.capabilities

    @property
    def conformance(self) -> Conformance:
        """The datastore's own part of the suite."""
        return conformance.of(self.datastore.name)


def releases() -> list[Release]:
    """Those offered on local hosts whose programs are here, in the catalog's order."""
    found = availability.check(catalog(), trees.directory())
    return [Release(item.datastore, item.version) for item in found if item.version.active and not item.problem]
