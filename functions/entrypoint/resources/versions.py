"""Version documents and the health check, which need no token."""

from functions.entrypoint import microversions
from functions.entrypoint.api_request import AnyRequest, Handlers, ResponseBody
from functions.entrypoint.routes import MAXIMUM


def list_versions(request: AnyRequest) -> ResponseBody:
    """List the versions of the API."""
    return {"versions": [_version(request)]}


def show_version(request: AnyRequest) -> ResponseBody:
    """Show version 1.0 with the microversions that are served."""
    return {"version": _version(request)}


def healthcheck(_request: AnyRequest) -> ResponseBody:
    """Return OK: the entrypoint serves requests."""
    return "OK"


def _version(request: AnyRequest) -> dict[str, object]:
    return {
        "id": "v1.0",
        "status": "CURRENT",
        "updated": "2012-08-01T00:00:00Z",
        "min_version": microversions.text(microversions.MINIMUM),
        "version": microversions.text(MAXIMUM),
        "links": [{"rel": "self", "href": f"{request.url.base_url}/v1.0/"}],
    }


HANDLERS: Handlers = {"list": list_versions, "show": show_version, "healthcheck": healthcheck}
