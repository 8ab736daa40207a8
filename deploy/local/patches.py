"""All patches of other projects' code, each with its reason and the release that it was written for.

Each applies in the process of one service only. `tests/unit/test_patches.py` fails when upstream changes code that a
patch depends on.
"""

import logging.config
import time
from types import SimpleNamespace

HEAT_STEP_SECONDS = 0.1
"""Seconds that one second of Heat's polling takes in the embedded cloud."""


def wake_in_process_rpc() -> None:
    """oslo.messaging 18.3: the `fake://` driver polls for messages every 50 ms, and a workflow sends many."""
    from oslo_messaging._drivers import impl_fake

    from deploy.local.rpc import InProcessDriver

    impl_fake.FakeDriver = InProcessDriver


def speed_up_heat() -> None:
    """openstack-heat 27.0: the engine sleeps a second after it triggers each leaf resource, and polls once a second.

    ENABLE_SLEEP disables both sleeps, which would make the second a busy loop, so the runner's own sleep is replaced by
    a shorter one.
    """
    from heat.engine import scheduler

    scheduler.ENABLE_SLEEP = False
    scheduler.TaskRunner._sleep = _short_sleep


def keep_loggers_in_migrations() -> None:
    """Mistral 23.0: its alembic env.py calls logging.config.fileConfig, which disables every logger of the process."""
    logging.config.fileConfig = lambda *arguments, **options: None


def trust_mistral_schemas() -> None:
    """Mistral 23.0: jsonschema.validate checks Mistral's own constant schemas again for every element of a workflow.

    That is 99 % of the 2 s of CPU that registering a workflow of 13 tasks takes, and 7 % of what running one takes:
    each policy of a task is checked before and after it. The workflow and the policies themselves are validated.
    """
    import jsonschema  # type: ignore[import-untyped]
    from mistral.engine import base as engine_base
    from mistral.lang import base

    quick = SimpleNamespace(validate=_validate, ValidationError=jsonschema.ValidationError)
    base.jsonschema = engine_base.jsonschema = quick


def _validate(instance: object, schema: dict[str, object]) -> None:
    from jsonschema import exceptions, validators

    error = exceptions.best_match(validators.validator_for(schema)(schema).iter_errors(instance))
    if error is not None:
        raise error


def _short_sleep(_runner: object, wait_time: float | None) -> None:
    if wait_time is not None:
        time.sleep(wait_time * HEAT_STEP_SECONDS)
