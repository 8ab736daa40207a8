"""What the patches lean on. When one fails: read upstream's change, then mend or drop the patch."""

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from oslo_messaging._drivers import impl_fake

from deploy.local import patches


def source(package: str, path: str) -> str:
    """Text of an upstream module, which is not imported: Heat and Mistral do not go together in one process."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / path).read_text()


@pytest.mark.parametrize(
    ("distribution", "release"),
    [
        ("oslo.messaging", "18.3"),
        ("openstack-heat", "27.0"),
        ("mistral", "23.0"),
        ("keystone", "30.0"),
        ("swift", "2.38"),
    ],
)
def test_the_releases_that_were_read(distribution: str, release: str) -> None:
    assert version(distribution).startswith(f"{release}.")


def test_the_fake_driver_still_polls() -> None:
    text = source("oslo_messaging", "_drivers/impl_fake.py")
    assert "pause = min(pause, 0.050)" in text
    assert "self._exchange_manager = FakeExchangeManager(default_exchange)" in text
    assert "def _send(self, target, ctxt, message, wait_for_reply=None, timeout=None,\n" in text
    assert {"deliver_message", "poll"} <= set(vars(impl_fake.FakeExchange))


def test_heat_still_sleeps_where_the_flag_says() -> None:
    assert "                if scheduler.ENABLE_SLEEP:\n                    time.sleep(1)\n" in source(
        "heat", "engine/stack.py"
    )
    scheduler = source("heat", "engine/scheduler.py")
    assert "    def _sleep(self, wait_time):" in scheduler
    assert "        if ENABLE_SLEEP and wait_time is not None:" in scheduler


def test_mistral_still_silences_loggers_in_its_migrations() -> None:
    text = source("mistral", "db/sqlalchemy/migration/alembic_migrations/env.py")
    assert "from logging import config as c" in text
    assert "c.fileConfig(config.config_file_name)" in text
    assert "mistral_config = config.mistral_config" in text


def test_mistral_still_checks_its_own_schemas() -> None:
    text = source("mistral", "lang/base.py")
    assert "jsonschema.validate(self._data, self.get_schema())\n        except jsonschema.ValidationError as e:" in text
    assert text.count("jsonschema.") == 2
    policies = source("mistral", "engine/base.py")
    assert "jsonschema.validate(props, self._schema)\n        except Exception as e:" in policies
    assert policies.count("jsonschema.") == 1


@pytest.mark.parametrize("wrong", [{}, {"a": "x"}, []])
def test_the_quick_validation_refuses_what_the_slow_one_refuses(wrong: object) -> None:
    schema: dict[str, object] = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    patches._validate({"a": 1}, schema)
    with pytest.raises(jsonschema.ValidationError):
        patches._validate(wrong, schema)
