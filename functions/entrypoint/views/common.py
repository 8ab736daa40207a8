"""Times and links, for all views."""

from datetime import datetime

Links = list[dict[str, str]]


def time_text(moment: datetime) -> str:
    """Return the time to the second, in UTC without a zone, which is all that gophercloud accepts."""
    return moment.isoformat(timespec="seconds")


def optional_time(moment: datetime | None) -> str | None:
    """Return the time as `time_text` does, or None if there is none."""
    return time_text(moment) if moment else None


def resource_links(project_url: str, plural: str, resource_id: str) -> Links:
    """Return a resource's links: `self` with the API version and project in its path, `bookmark` without."""
    base_url = project_url.partition("/v1.0/")[0]
    return [
        {"rel": "self", "href": f"{project_url}/{plural}/{resource_id}"},
        {"rel": "bookmark", "href": f"{base_url}/{plural}/{resource_id}"},
    ]
