"""Who may do what, by default."""

import pytest

from functions.base.errors import Forbidden
from functions.entrypoint import policy
from functions.entrypoint.api_request import Identity
from functions.entrypoint.errors import NotAdministrator
from functions.entrypoint.routes import ROUTES

# Keystone's own implication: a token with a higher role lists the lower ones, too.
READER = Identity("p", "u", frozenset({"reader"}))
MEMBER = Identity("p", "u", frozenset({"reader", "member"}))
ADMIN = Identity("p", "u", frozenset({"reader", "member", "admin"}))
NOBODY = Identity("p", "u", frozenset({"other"}))


RULES = {route.policy: route.method for route in ROUTES if route.policy is not None}
MANAGING = [rule for rule in RULES if rule.startswith("mgmt:")]
READING = [rule for rule, method in RULES.items() if method == "GET" and rule not in MANAGING]
CHANGING = [rule for rule in RULES if rule not in {*READING, *MANAGING}]


@pytest.mark.parametrize("rule", READING)
def test_readers_read(rule: str) -> None:
    assert [policy.allowed(rule, who) for who in (NOBODY, READER, MEMBER, ADMIN)] == [False, True, True, True]


@pytest.mark.parametrize("rule", [*CHANGING, *policy.ACTION_RULES])
def test_members_change(rule: str) -> None:
    assert [policy.allowed(rule, who) for who in (NOBODY, READER, MEMBER, ADMIN)] == [False, False, True, True]


@pytest.mark.parametrize("rule", [*MANAGING, *policy.ADMIN_RULES, "context_is_admin"])
def test_administrators_administer(rule: str) -> None:
    assert [policy.allowed(rule, who) for who in (NOBODY, READER, MEMBER, ADMIN)] == [False, False, False, True]


def test_refusal_names_the_rule() -> None:
    with pytest.raises(Forbidden, match="Policy doesn't allow instance:create to be performed"):
        policy.enforce("instance:create", READER)


def test_management_refuses_as_if_there_were_no_token() -> None:
    with pytest.raises(NotAdministrator, match="for administrators"):
        policy.enforce("mgmt:instance:index", MEMBER)


def test_rules_are_documented_with_the_requests_they_guard() -> None:
    documented = [rule for rule in policy.list_rules() if rule.name != "context_is_admin"]
    assert all(rule.description and rule.operations for rule in documented)  # type: ignore[attr-defined]
