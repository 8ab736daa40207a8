"""Requests a minute of a project, by method."""

import pytest

from functions.entrypoint.errors import RateLimited, fault_of
from functions.entrypoint.rate_limits import UNLIMITED, Rate, RateLimits


class Clock:
    """Time as a test sets it."""

    def __init__(self) -> None:
        self.now = 600.0

    def __call__(self) -> float:
        return self.now


def test_each_project_and_method_has_its_own_count() -> None:
    limits = RateLimits({"GET": 1, "POST": 1}, Clock())
    for project in ("p", "q"):
        for method in ("GET", "POST"):
            limits.count(project, method)
            with pytest.raises(RateLimited):
                limits.count(project, method)


def test_patch_counts_as_put() -> None:
    limits = RateLimits({"PUT": 1}, Clock())
    limits.count("p", "PATCH")
    with pytest.raises(RateLimited):
        limits.count("p", "PUT")


def test_a_new_minute_begins_anew() -> None:
    clock = Clock()
    limits = RateLimits({"GET": 2}, clock)
    limits.count("p", "GET")
    clock.now += 20.5
    assert limits.rates("p") == [Rate("GET", 2, 1, 660)]
    limits.count("p", "GET")
    with pytest.raises(RateLimited) as refused:
        limits.count("p", "GET")
    assert refused.value.seconds == 40
    clock.now = 660.0
    limits.count("p", "GET")
    assert limits.rates("p") == [Rate("GET", 2, 1, 720)]
    assert limits.rates("nobody") == [Rate("GET", 2, 2, 720)]


def test_unlimited_methods_are_not_counted() -> None:
    limits = RateLimits({"GET": UNLIMITED, "POST": 0}, Clock())
    for _ in range(1000):
        limits.count("p", "GET")
    assert [rate.verb for rate in limits.rates("p")] == ["POST"]
    with pytest.raises(RateLimited):
        limits.count("p", "POST")


def test_the_fault_is_as_troves() -> None:
    fault = fault_of(RateLimited("POST", 200, 23))
    assert fault and fault.headers == {"Retry-After": "23"}
    assert fault.body() == {
        "overLimit": {
            "code": 413,
            "message": "This request was rate-limited: repeat it in 23 s.",
            "details": "Only 200 POST request(s) can be made to * every minute.",
            "retryAfter": "23",
        }
    }
