"""The operator's own rules, and what oslo.policy's commands need."""

from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from api_spec.policy import render_policy
from functions.base.settings import get_settings
from functions.entrypoint import policy
from functions.entrypoint.api_request import Identity

READER = Identity("p", "u", frozenset({"reader"}))
MEMBER = Identity("p", "u", frozenset({"reader", "member"}))


@pytest.fixture
def rules_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file of rules that the product reads; what it read is forgotten after the test."""
    file = tmp_path / "policy.yaml"
    file.write_text("{}")
    monkeypatch.setenv("TROVE_POLICY_FILE", str(file))
    forget()
    yield file
    monkeypatch.undo()
    forget()


def forget() -> None:
    get_settings.cache_clear()
    policy._build_enforcer.cache_clear()


def test_rules_of_the_file_replace_defaults_and_the_others_stay(rules_file: Path) -> None:
    rules_file.write_text(yaml.safe_dump({"instance:delete": "role:admin", "instance:create": "role:reader"}))
    seen = [policy.allowed(rule, MEMBER) for rule in ("instance:delete", "instance:create", "instance:update")]
    assert seen == [False, True, True]
    assert policy.allowed("instance:create", READER)


def test_a_file_that_is_not_there_is_an_error(rules_file: Path) -> None:
    rules_file.unlink()
    with pytest.raises(ValidationError, match="policy_file"):
        policy.allowed("instance:show", READER)


def test_the_sample_has_every_rule_as_it_is_by_default(rules_file: Path) -> None:
    sample = "\n".join(line.removeprefix("#") for line in render_policy().splitlines() if line.startswith('#"'))
    rules_file.write_text(sample)
    assert set(yaml.safe_load(sample)) == {rule.name for rule in policy.list_rules()}
    assert [policy.allowed("instance:create", who) for who in (READER, MEMBER)] == [False, True]


@pytest.mark.parametrize(
    ("group", "function"),
    [("oslo.policy.policies", policy.list_rules), ("oslo.policy.enforcer", policy.get_enforcer)],
)
def test_oslo_policys_commands_find_the_rules(group: str, function: object) -> None:
    (found,) = entry_points(group=group, name="trove")
    assert found.load() is function
