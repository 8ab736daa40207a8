"""Limits of the service itself: the rate of requests, the size of a page and of a body."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy.local.cloud import Cloud
from tests.support.api import Api, fault, new_api
from tests.support.entrypoint import entrypoint
from tests.support.records import recorded

ALLOWED = 5
PAGE = 3
SETTINGS = {
    "TROVE_RATE_LIMIT_DELETE": str(ALLOWED),
    "TROVE_RATE_LIMIT_PUT": "-1",
    "TROVE_PAGE_SIZE": str(PAGE),
    "TROVE_MAX_REQUEST_BYTES": "100",
}


@pytest.fixture(scope="module")
def strict(cloud: Cloud) -> Iterator[Api]:
    """The tenant, at an entrypoint that allows little."""
    with entrypoint(cloud, **SETTINGS) as root:
        yield replace(new_api(cloud.session("demo")), root=root)


def test_the_first_limit_is_the_absolute_one_and_rates_follow(strict: Api) -> None:
    absolute, *rates = strict.get("/limits")["limits"]
    assert absolute["verb"] == "ABSOLUTE"
    assert [rate["verb"] for rate in rates] == ["GET", "POST", "DELETE"]
    assert rates[-1]["value"] == ALLOWED


def test_too_many_requests_are_refused_for_the_rest_of_the_minute(cloud: Cloud, strict: Api) -> None:
    path = f"/instances/{uuid.uuid4()}"
    replies = [strict.call("DELETE", path) for _ in range(2 * ALLOWED + 1)]
    limited = [reply for reply in replies if reply.status_code == 413]
    assert {reply.status_code for reply in replies} == {404, 413}
    refused = limited[0]
    assert fault(refused)[1] == "overLimit"
    assert "rate-limited" in fault(refused)[2]
    reason = refused.json()["overLimit"]
    assert reason["details"] == f"Only {ALLOWED} DELETE request(s) can be made to * every minute."
    assert refused.headers["Retry-After"] == reason["retryAfter"]
    assert 1 <= int(reason["retryAfter"]) <= 60
    other = replace(new_api(cloud.session("other")), root=strict.root)
    assert other.call("DELETE", path).status_code == 404
    assert strict.call("GET", path).status_code == 404


@pytest.mark.usefixtures("product_environment")
def test_a_page_is_no_larger_than_the_operator_allows(strict: Api) -> None:
    with recorded(strict.project_id, PAGE + 1):
        for query in ("", "?limit=1000"):
            page = strict.get(f"/instances{query}")
            assert len(page["instances"]) == PAGE
            assert page["links"] == page["instances_links"]


def test_a_body_that_is_too_large_is_refused_with_the_limit(strict: Api) -> None:
    reply = strict.call("POST", "/instances", json={"instance": {"name": "a" * 100}})
    assert fault(reply) == (413, "overLimit", "The request body is larger than the 100 bytes that are read.")
