"""Pages and the links between them."""

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from functions.entrypoint.api_request import RequestUrl
from functions.entrypoint.pagination import cut, links, page_size


def test_page_size_has_a_default_and_a_maximum() -> None:
    assert [page_size(None), page_size(5), page_size(1000)] == [20, 5, 20]


def test_last_page_has_no_links_at_all() -> None:
    page = cut([1, 2], 2, str)
    assert (page.items, page.next_marker) == ([1, 2], None)
    assert links(RequestUrl("http://h"), "things", page.next_marker) == {}


def test_links_keep_the_other_parameters_scheme_and_host() -> None:
    page = cut([1, 2, 3], 2, str)
    assert page.items == [1, 2]
    place = RequestUrl("http://db.example:8779", "/v1.0/p/things", "marker=0&limit=2&name=a%26b&name=c")
    shown = links(place, "things", page.next_marker)
    assert (
        shown["links"]
        == shown["things_links"]
        == [{"rel": "next", "href": "http://db.example:8779/v1.0/p/things?limit=2&name=a%26b&name=c&marker=2"}]
    )


@given(count=st.integers(0, 60), limit=st.integers(1, 30))
def test_following_the_links_shows_every_row_once(count: int, limit: int) -> None:
    rows, seen, marker = list(range(count)), list[int](), -1
    while True:
        size = page_size(limit)
        page = cut([row for row in rows if row > marker][: size + 1], size, str)
        seen.extend(page.items)
        if page.next_marker is None:
            break
        href = links(RequestUrl("http://h", "/x"), "xs", page.next_marker)["links"][0]["href"]  # type: ignore[index]
        marker = int(parse_qs(urlsplit(href).query)["marker"][0])
    assert seen == rows
