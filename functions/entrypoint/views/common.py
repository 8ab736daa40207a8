"""What all views share."""

from datetime import datetime

Links = list[dict[str, str]]


def time_text(moment: datetime) -> str:
    """UTC to the second, without a zone: gophercloud refuses anything else."""
    return moment.isoformat(timespec="seconds")


def optional_time(moment: datetime | None) -> str | None:
    """The same for a moment that may not have come yet."""
    return time_text(moment) if moment else None


def resource_links(project_url: str, plural: str, resource_id: str) -> Links:
    """Where a resource is: with the version and project (self), and without (bookmark)."""
    base_url = project_url.partition("/v1.0/")[0]
    return [
        {"rel": "self", "href": f"{project_url}/{plural}/{resource_id}"},
        {"rel": "bookmark", "href": f"{base_url}/{plural}/{resource_id}"},
    ]
