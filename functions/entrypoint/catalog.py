"""The datastores on offer, with errors in Trove's statuses: an unknown datastore is 404, an unknown version 400.

The catalog says what there is, administrators what of it is offered. Versions that are not active exist only for the
instances and backups that have them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from datastores.catalog import Capability, Datastore, DatastoreVersion, UnknownDatastoreError, catalog
from functions.runtime.errors import BadRequest, NotFound, NotSupported
from functions.runtime.settings import get_settings
from functions.state import version_choices
from functions.state.version_choices import Choice


@dataclass(frozen=True)
class Offer:
    """A version together with its datastore; `active`: it can be asked for."""

    datastore: Datastore
    version: DatastoreVersion
    active: bool = True


@dataclass(frozen=True)
class Assortment:
    """What is offered now: the catalog's versions, what administrators chose among them, by id, and which of them this
    installation's hosts cannot run."""

    chosen: Mapping[str, Choice]
    unavailable: frozenset[str] = frozenset()

    def standing(self, version: DatastoreVersion) -> Choice:
        """The choice for a version; without one the catalog's own word."""
        return self.chosen.get(version.id, Choice(version.active))

    def every(self, datastore: Datastore) -> list[Offer]:
        """The versions that administrators see: all but the removed ones."""
        standing = [(version, self.standing(version)) for version in datastore.versions]
        return [
            Offer(datastore, version, choice.active and version.id not in self.unavailable)
            for version, choice in standing
            if not choice.removed
        ]

    def require_available(self, version: DatastoreVersion) -> None:
        """Raises BadRequest when no host of this installation can run a version."""
        if version.id in self.unavailable:
            raise BadRequest(
                f"Datastore version {version.datastore} {version.name} is not available: this installation's hosts do "
                f"not have its programs."
            )

    def offers(self, datastore: Datastore) -> list[Offer]:
        """The versions that can be asked for."""
        return [offer for offer in self.every(datastore) if offer.active]

    def default_id(self, datastore: Datastore) -> str | None:
        """The version taken when none is asked for: the chosen one, else the catalog's, if it is offered."""
        offered = [offer.version for offer in self.offers(datastore)]
        chosen = [version.id for version in offered if self.standing(version).is_default]
        usual = [version.id for version in offered if version.id == datastore.default_version_id]
        return next(iter(chosen + usual), None)


def assortment() -> Assortment:
    """The assortment as the state has it now."""
    return Assortment(version_choices.choices(), frozenset(get_settings().unavailable_versions))


def datastores() -> Sequence[Datastore]:
    """All datastores."""
    return catalog().datastores


def find_datastore(name_or_id: str) -> Datastore:
    """A datastore by name or id. Raises NotFound."""
    try:
        return catalog().find(name_or_id)
    except UnknownDatastoreError:
        raise NotFound(f"Datastore '{name_or_id}' cannot be found.") from None


def named(name_or_id: str, offers: Sequence[Offer], number: str | None = None) -> Offer:
    """The one of these versions with that id, or with that name and, among versions of one name, that number.

    Raises:
        BadRequest: none, or more than one.
    """
    found = [offer for offer in offers if name_or_id in (offer.version.id, offer.version.name)]
    if number is not None:
        found = [offer for offer in found if offer.version.number == number]
    if len(found) > 1:
        raise BadRequest(f"Several versions are named '{name_or_id}': use an UUID or specify both name and number.")
    if not found:
        raise BadRequest(f"Datastore version '{name_or_id}' cannot be found.")
    return found[0]


def find_offer(name_or_id: str, datastore: Datastore, number: str | None = None) -> Offer:
    """An active version of a datastore; see `named`. Raises BadRequest."""
    return named(name_or_id, assortment().offers(datastore), number)


def offer_by_id(version_id: str, *, hidden_too: bool = False) -> Offer:
    """An active version by its id alone; with `hidden_too` one that is not active as well. Raises BadRequest."""
    now = assortment()
    every = (offer for datastore in datastores() for offer in now.every(datastore))
    offer = next((offer for offer in every if offer.version.id == version_id), None)
    if offer is None or not (offer.active or hidden_too):
        raise BadRequest(f"Datastore version '{version_id}' cannot be found.")
    return offer


def choose_offer(datastore: str | None, version: str | None, number: str | None, now: Assortment) -> Offer:
    """What a create request means: without a datastore the service's default, without a version the datastore's.

    Raises:
        NotFound: no such datastore.
        BadRequest: no such version, or no default to take.
    """
    chosen = find_datastore(datastore or get_settings().default_datastore)
    wanted = version or now.default_id(chosen)
    if wanted is None:
        raise BadRequest(f"Datastore '{chosen.name}' has no default version: ask for one.")
    return named(wanted, now.offers(chosen), number)


def offer_of(version_id: str) -> Offer:
    """The version that a stored row names, active or not.

    Raises:
        UnknownDatastoreError: the catalog has lost it, which an installation must not do.
    """
    version = catalog().version_by_id(version_id)
    return Offer(catalog().find(version.datastore), version)


def require_capability(offer: Offer, capability: Capability) -> None:
    """Raises NotSupported when the version lacks it."""
    if capability not in offer.version.capabilities:
        raise NotSupported(
            f"Datastore {offer.datastore.name} {offer.version.name} does not have the capability {capability}."
        )
