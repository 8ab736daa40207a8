"""Who may do what, by default."""

import pytest

from functions.entrypoint import policy
from functions.entrypoint.call import Identity
from functions.entrypoint.errors import NotAdministrator
from functions.runtime.errors import Forbidden

# Keystone's own implication: a token with a higher role lists the lower ones, too.
READER = Identity("p", "u", frozenset({"reader"}))
MEMBER = Identity("p", "u", frozenset({"reader", "member"}))
ADMIN = Identity("p", "u", frozenset({"reader", "member", "admin"}))
NOBODY = Identity("p", "u", frozenset({"other"}))


@pytest.mark.parametrize("rule", policy.READ_RULES)
def test_readers_read(rule: str) -> None:
    assert [policy.allowed(rule, who) for who in (NOBODY, READER, MEMBER, ADMIN)] == [False, True, True, True]


@pytest.mark.parametrize("rule", [*policy.WRITE_RULES, *policy.ACTION_RULES])
def test_members_change(rule: str) -> None:
    assert [policy.allowed(rule, who) for who in (NOBODY, READER, MEMBER, ADMIN)] == [False, False, True, True]


@pytest.mark.parametrize("rule", [*policy.ADMIN_RULES, "context_is_admin"])
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
