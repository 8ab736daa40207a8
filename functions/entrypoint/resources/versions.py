"""Version documents and the health check: open to everybody."""

from functions.entrypoint import microversions
from functions.entrypoint.call import AnyCall, Handlers, Reply


def list_versions(call: AnyCall) -> Reply:
    """All versions of the API."""
    return {"versions": [_version(call)]}


def show_version(call: AnyCall) -> Reply:
    """Version 1.0, with the microversions served."""
    return {"version": _version(call)}


def healthcheck(_call: AnyCall) -> Reply:
    """Tell that the entrypoint runs."""
    return "OK"


def _version(call: AnyCall) -> dict[str, object]:
    return {
        "id": "v1.0",
        "status": "CURRENT",
        "updated": "2012-08-01T00:00:00Z",
        "min_version": microversions.text(microversions.MINIMUM),
        "version": microversions.text(microversions.MAXIMUM),
        "links": [{"rel": "self", "href": f"{call.place.base_url}/v1.0/"}],
    }


HANDLERS: Handlers = {"list": list_versions, "show": show_version, "healthcheck": healthcheck}
