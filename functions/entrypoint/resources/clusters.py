"""Clusters: no datastore offers them yet."""

from functions.entrypoint.call import AnyCall, Handlers, Reply


def list_clusters(_call: AnyCall) -> Reply:
    """None, as on a Trove without any."""
    return {"clusters": []}


HANDLERS: Handlers = {"list": list_clusters}
