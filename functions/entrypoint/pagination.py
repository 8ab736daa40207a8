"""Paging of lists: `limit` and `marker` in, a link to the next page out.

The link keeps the request's other query parameters and its own scheme and host. It is sent twice: as `links`, which
Trove's clients read, and as `<plural>_links`, which gophercloud and Terraform look for; neither on the last page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from functions.entrypoint.call import Place
from functions.runtime.settings import get_settings

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The items to show and, when more follow, the marker of the next page."""

    items: Sequence[Row]
    next_marker: str | None


def page_size(limit: int | None) -> int:
    """How many items to show: as many as asked for, but no more than the setting `page_size`."""
    largest = get_settings().page_size
    return min(limit or largest, largest)


def cut(rows: Sequence[Row], size: int, marker_of: Callable[[Row], str]) -> Page[Row]:
    """A page of `size` from rows of which one more was asked for, to know whether more follow."""
    items = rows[:size]
    return Page(items, marker_of(items[-1]) if len(rows) > size else None)


def links(place: Place, plural: str, next_marker: str | None) -> dict[str, object]:
    """The members that lead to the next page."""
    if next_marker is None:
        return {}
    kept = [(name, value) for name, value in parse_qsl(place.query, keep_blank_values=True) if name != "marker"]
    href = f"{place.base_url}{place.path}?{urlencode([*kept, ('marker', next_marker)])}"
    following = [{"rel": "next", "href": href}]
    return {"links": following, f"{plural}_links": following}
