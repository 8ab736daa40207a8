"""Which datastore versions are offered. A version itself comes with its datastore's folder: administrators hide it,
show it, make it the default, delete it and bring it back."""

from dataclasses import replace

from functions.entrypoint.call import AnyCall, Call, Handlers, Reply
from functions.entrypoint.catalog import Assortment, Offer, assortment, datastores, find_datastore
from functions.entrypoint.ids import require_id
from functions.entrypoint.models import MgmtVersionCreate, MgmtVersionUpdate
from functions.runtime.errors import BadRequest, NotFound, NotSupported
from functions.state import version_choices
from functions.state.version_choices import Choice


def list_versions(_call: AnyCall) -> Reply:
    """All versions that are not deleted."""
    now = assortment()
    return {"versions": [_view(offer, now) for found in datastores() for offer in now.every(found)]}


def show_version(call: AnyCall) -> Reply:
    """A version. Raises NotFound."""
    now = assortment()
    return {"version": _view(_find(call, now), now)}


def create_version(call: Call[MgmtVersionCreate, None]) -> Reply:
    """Bring back a version that was deleted.

    Raises:
        NotFound: no such datastore.
        BadRequest: the version is there.
        NotSupported: the datastore's folder does not have it.
    """
    asked, now = call.body.version, assortment()
    datastore = find_datastore(asked.datastore_name)
    named = [version for version in datastore.versions if version.name == asked.name]
    if asked.version:
        named = [version for version in named if version.number == asked.version]
    if not named:
        raise NotSupported(
            f"Datastore {datastore.name} has no version '{asked.name}': describe it in the datastore's datastore.yaml."
        )
    if not now.standing(named[0]).removed:
        raise BadRequest(f"Datastore version '{asked.name}' exists already: change it with PATCH.")
    choice = Choice(active=asked.active is not False, is_default=bool(asked.default))
    _keep(Offer(datastore, named[0]), choice, now)
    return None


def update_version(call: Call[MgmtVersionUpdate, None]) -> Reply:
    """Hide, show, make default or not.

    Raises:
        NotFound: no such version.
        BadRequest: a version that is hidden cannot be the default; one that no host can run cannot be shown.
        NotSupported: another name.
    """
    asked, now = call.body, assortment()
    offer = _find(call, now)
    if asked.name and asked.name != offer.version.name:
        raise NotSupported("The name of a version is its datastore's: leave out name.")
    choice = now.standing(offer.version)
    if asked.active or asked.default:
        now.require_available(offer.version)
    if asked.active is not None:
        choice = replace(choice, active=asked.active)
    if asked.default is not None:
        choice = replace(choice, is_default=asked.default)
    if asked.default and not choice.active:
        raise BadRequest(f"Datastore version {offer.version.id} is not active: it cannot be the default.")
    _keep(offer, choice, now)
    return None


def delete_version(call: AnyCall) -> Reply:
    """Delete a version that no instance has; nothing of its folder goes. Raises NotFound, BadRequest."""
    now = assortment()
    offer = _find(call, now)
    if version_choices.is_used(offer.version.id):
        raise BadRequest(f"Datastore version {offer.version.id} is in use: instances have it.")
    _keep(offer, Choice(active=False, removed=True), now)
    return None


def _keep(offer: Offer, choice: Choice, now: Assortment) -> None:
    others = [version for version in offer.datastore.versions if version.id != offer.version.id]
    siblings = {version.id: now.standing(version) for version in others} if choice.is_default else {}
    version_choices.choose(offer.version.id, choice, siblings)


def _find(call: AnyCall, now: Assortment) -> Offer:
    version_id = require_id("Datastore version", call.match.parameters["version_id"])
    for datastore in datastores():
        for offer in now.every(datastore):
            if offer.version.id == version_id:
                return offer
    raise NotFound(f"Datastore version {version_id} cannot be found.")


def _view(offer: Offer, now: Assortment) -> dict[str, object]:
    version, datastore = offer.version, offer.datastore
    return {
        "id": version.id,
        "name": version.name,
        "version": version.number,
        "datastore_id": datastore.id,
        "datastore_name": datastore.name,
        "datastore_manager": datastore.name,
        "active": offer.active,
        "default": now.default_id(datastore) == version.id,
        "image": None,
        "image_tags": [],
        "packages": [substrate.package for substrate in version.substrates.values()],
        "repl_strategy": None,
    }


HANDLERS: Handlers = {
    "list": list_versions,
    "show": show_version,
    "create": create_version,
    "update": update_version,
    "delete": delete_version,
}
