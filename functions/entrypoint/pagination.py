"""Pagination of lists: a request has `limit` and `marker`, its response a link to the next page.

The link keeps the request's scheme, host and other query parameters. The response has it twice: as `links` for Trove's
clients and as `<plural>_links` for gophercloud and Terraform. The last page has neither.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from functions.base.settings import get_settings
from functions.entrypoint.api_request import RequestUrl

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The items of a page and, if more follow, the marker of the next page."""

    items: Sequence[Row]
    next_marker: str | None


def page_size(limit: int | None) -> int:
    """Return the number of items of a page: `limit`, but at most the setting `page_size`."""
    largest = get_settings().page_size
    return min(limit or largest, largest)


def cut(rows: Sequence[Row], size: int, marker_of: Callable[[Row], str]) -> Page[Row]:
    """Return the first `size` of `size` + 1 rows; the last row only tells whether more follow."""
    items = rows[:size]
    return Page(items, marker_of(items[-1]) if len(rows) > size else None)


def links(url: RequestUrl, plural: str, next_marker: str | None) -> dict[str, object]:
    """Return the members of the response that link to the next page; none if there is no next marker."""
    if next_marker is None:
        return {}
    kept = [(name, value) for name, value in parse_qsl(url.query, keep_blank_values=True) if name != "marker"]
    href = f"{url.base_url}{url.path}?{urlencode([*kept, ('marker', next_marker)])}"
    following = [{"rel": "next", "href": href}]
    return {"links": following, f"{plural}_links": following}
