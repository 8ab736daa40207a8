"""Clusters, which no datastore has yet."""

from functions.entrypoint.api_request import AnyRequest, Handlers, ResponseBody


def list_clusters(_request: AnyRequest) -> ResponseBody:
    """Return an empty list, as a Trove without clusters does."""
    return {"clusters": []}


HANDLERS: Handlers = {"list": list_clusters}
