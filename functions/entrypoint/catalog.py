"""The datastores on offer, with errors in Trove's statuses: an unknown datastore is 404, an unknown version 400.

Versions that are not active exist only for the instances and backups that have them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from datastores.catalog import Datastore, DatastoreVersion, UnknownDatastoreError, catalog
from functions.runtime.errors import BadRequest, NotFound
from functions.runtime.settings import get_settings


@dataclass(frozen=True)
class Offer:
    """A version together with its datastore."""

    datastore: Datastore
    version: DatastoreVersion


def datastores() -> Sequence[Datastore]:
    """All datastores."""
    return catalog().datastores


def find_datastore(name_or_id: str) -> Datastore:
    """A datastore by name or id. Raises NotFound."""
    try:
        return catalog().find(name_or_id)
    except UnknownDatastoreError:
        raise NotFound(f"Datastore '{name_or_id}' cannot be found.") from None


def offers(datastore: Datastore) -> list[Offer]:
    """The versions that can be asked for."""
    return [Offer(datastore, version) for version in datastore.versions if version.active]


def find_offer(name_or_id: str, datastore: Datastore, number: str | None = None) -> Offer:
    """An active version of a datastore by its id, or by its name and, among versions of one name, its number.

    Raises:
        BadRequest: none, or more than one.
    """
    found = [offer for offer in offers(datastore) if name_or_id in (offer.version.id, offer.version.name)]
    if number is not None:
        found = [offer for offer in found if offer.version.number == number]
    if len(found) > 1:
        raise BadRequest(f"Several versions are named '{name_or_id}': use an UUID or specify both name and number.")
    if not found:
        raise BadRequest(f"Datastore version '{name_or_id}' cannot be found.")
    return found[0]


def offer_by_id(version_id: str) -> Offer:
    """An active version by its id alone. Raises BadRequest."""
    every = (offer for datastore in datastores() for offer in offers(datastore))
    offer = next((offer for offer in every if offer.version.id == version_id), None)
    if offer is None:
        raise BadRequest(f"Datastore version '{version_id}' cannot be found.")
    return offer


def choose_offer(datastore: str | None, version: str | None, number: str | None) -> Offer:
    """What a create request means: without a datastore the service's default, without a version the datastore's.

    Raises:
        NotFound: no such datastore.
        BadRequest: no such version, or no default to take.
    """
    chosen = find_datastore(datastore or get_settings().default_datastore)
    wanted = version or chosen.default_version_id
    if wanted is None:
        raise BadRequest(f"Datastore '{chosen.name}' has no default version: ask for one.")
    return find_offer(wanted, chosen, number)


def offer_of(version_id: str) -> Offer:
    """The version that a stored row names, active or not.

    Raises:
        UnknownDatastoreError: the catalog has lost it, which an installation must not do.
    """
    version = catalog().version_by_id(version_id)
    return Offer(catalog().find(version.datastore), version)
