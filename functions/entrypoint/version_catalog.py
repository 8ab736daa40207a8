"""Datastore versions as callers of the API see them. An unknown datastore is 404, an unknown version 400, as in Trove.

`datastores.catalog` lists every version of the product. Administrators choose which of them are active. An inactive
version cannot be requested; instances and backups that have it keep it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from datastores.catalog import Capability, Datastore, DatastoreVersion, UnknownDatastoreError, catalog
from functions.base.errors import BadRequest, NotFound, NotSupported
from functions.base.settings import get_settings
from functions.state.version_choices import version_choices
from functions.state.version_choices.version_choices import Choice


@dataclass(frozen=True)
class CatalogEntry:
    """A version together with its datastore; `active`: whether requests may name it."""

    datastore: Datastore
    version: DatastoreVersion
    active: bool = True


@dataclass(frozen=True)
class VersionCatalog:
    """The catalog's versions with the choices of administrators, at one moment."""

    choices: Mapping[str, Choice]
    """Choices of administrators by version id."""
    unavailable: frozenset[str] = frozenset()
    """Ids of versions that no host of this installation can run."""

    def choice_for(self, version: DatastoreVersion) -> Choice:
        """Return the administrators' choice for a version, by default what its datastore.yaml says."""
        return self.choices.get(version.id, Choice(version.active))

    def all_entries(self, datastore: Datastore) -> list[CatalogEntry]:
        """Return the versions that administrators see: all but the removed ones."""
        choices = [(version, self.choice_for(version)) for version in datastore.versions]
        return [
            CatalogEntry(datastore, version, choice.active and version.id not in self.unavailable)
            for version, choice in choices
            if not choice.removed
        ]

    def active_entries(self, datastore: Datastore) -> list[CatalogEntry]:
        """Return the versions that requests may name."""
        return [entry for entry in self.all_entries(datastore) if entry.active]

    def default_id(self, datastore: Datastore) -> str | None:
        """Return the active default version: the administrators' one, else that of datastore.yaml."""
        active = [entry.version for entry in self.active_entries(datastore)]
        chosen = [version.id for version in active if self.choice_for(version).is_default]
        usual = [version.id for version in active if version.id == datastore.default_version_id]
        return next(iter(chosen + usual), None)

    def require_available(self, version: DatastoreVersion) -> None:
        """Raise BadRequest if no host of this installation can run the version."""
        if version.id in self.unavailable:
            raise BadRequest(
                f"Datastore version {version.datastore} {version.name} is not available: this installation's hosts do "
                f"not have its programs."
            )


def version_catalog() -> VersionCatalog:
    """Read the choices of administrators and return the catalog with them."""
    return VersionCatalog(version_choices.choices(), frozenset(get_settings().unavailable_versions))


def datastores() -> Sequence[Datastore]:
    """Return all datastores."""
    return catalog().datastores


def find_datastore(name_or_id: str) -> Datastore:
    """Return a datastore by name or id. Raises NotFound."""
    try:
        return catalog().find(name_or_id)
    except UnknownDatastoreError:
        raise NotFound(f"Datastore '{name_or_id}' cannot be found.") from None


def find_entry(name_or_id: str, entries: Sequence[CatalogEntry], number: str | None = None) -> CatalogEntry:
    """Return the entry whose version has that id, or that name and, if one is given, that number.

    Raises:
        BadRequest: no entry matches, or more than one.
    """
    found = [entry for entry in entries if name_or_id in (entry.version.id, entry.version.name)]
    if number is not None:
        found = [entry for entry in found if entry.version.number == number]
    if len(found) > 1:
        raise BadRequest(f"Several versions are named '{name_or_id}': use an UUID or specify both name and number.")
    if not found:
        raise BadRequest(f"Datastore version '{name_or_id}' cannot be found.")
    return found[0]


def find_active_entry(name_or_id: str, datastore: Datastore, number: str | None = None) -> CatalogEntry:
    """Return an active version of a datastore by id or name, as `find_entry` does. Raises BadRequest."""
    return find_entry(name_or_id, version_catalog().active_entries(datastore), number)


def entry_by_id(version_id: str, *, include_inactive: bool = False) -> CatalogEntry:
    """Return an active version by its id alone; `include_inactive`: or an inactive one. Raises BadRequest."""
    versions = version_catalog()
    entries = (entry for datastore in datastores() for entry in versions.all_entries(datastore))
    entry = next((entry for entry in entries if entry.version.id == version_id), None)
    if entry is None or not (entry.active or include_inactive):
        raise BadRequest(f"Datastore version '{version_id}' cannot be found.")
    return entry


def resolve_entry(
    datastore: str | None, version: str | None, number: str | None, versions: VersionCatalog
) -> CatalogEntry:
    """Return the version that a create request names; the default datastore and version where it names none.

    Raises:
        NotFound: no such datastore.
        BadRequest: no such version, or the datastore has no default.
    """
    found = find_datastore(datastore or get_settings().default_datastore)
    name_or_id = version or versions.default_id(found)
    if name_or_id is None:
        raise BadRequest(f"Datastore '{found.name}' has no default version: ask for one.")
    return find_entry(name_or_id, versions.active_entries(found), number)


def entry_of(version_id: str) -> CatalogEntry:
    """Return the version that a stored row names, active or not.

    Raises:
        UnknownDatastoreError: the catalog lacks it, although an installation must keep every version in use.
    """
    version = catalog().version_by_id(version_id)
    return CatalogEntry(catalog().datastore_of(version.id), version)


def require_capability(entry: CatalogEntry, capability: Capability) -> None:
    """Raise NotSupported if the version lacks the capability."""
    if capability not in entry.version.capabilities:
        raise NotSupported(
            f"Datastore {entry.datastore.name} {entry.version.name} does not have the capability {capability}."
        )
