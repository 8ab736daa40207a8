"""Metrics: a scrape of the function group `control` shows what the state has."""

from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete, update

from deploy.local.cloud import Cloud
from functions.base.statuses import OperationState
from functions.operations.instance_restart import accept_restart
from functions.state.database import transaction
from functions.state.metrics import exposition
from functions.state.operations import moves
from functions.state.operations.acceptance import Caller
from functions.state.operations.models import Operation, OperationTarget
from tests.support.records import recorded

PROJECT = "metrics-tests"


def samples(text: bytes) -> dict[str, dict[frozenset[tuple[str, str]], float]]:
    """Values by the sample's name and labels."""
    found: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return found


@pytest.mark.usefixtures("state")
def test_figures_are_what_the_state_has() -> None:
    assert samples(exposition.exposition())["trove_oldest_active_operation_seconds"] == {frozenset(): 0.0}
    with recorded(PROJECT, 2) as ids:
        operation = accept_restart(ids[0], Caller(PROJECT, "tester", "req-metrics"))
        active = samples(exposition.exposition())
        labels = frozenset({("type", "instance_restart"), ("state", "QUEUED")})
        assert active["trove_operations"] == {labels: 1}
        assert active["trove_oldest_active_operation_seconds"][frozenset()] > 0
        assert active["trove_instance_memory_megabytes"] == {frozenset(): 1024}
        by_status = {dict(labels)["status"]: value for labels, value in active["trove_instances"].items()}
        assert by_status == {"REBOOT": 1, "ACTIVE": 1}
        assert active["trove_backups"] == {frozenset({("status", "COMPLETED")}): 2}

        moves.abort(operation.id, "for the test")
        moves.fail(operation.id, OperationState.FAILED)
        ended = samples(exposition.exposition())
        failed = frozenset({("type", "instance_restart"), ("state", "FAILED")})
        assert ended["trove_operation_seconds_count"] == {failed: 1}
        assert ended["trove_operation_seconds_sum"][failed] == ended["trove_operation_longest_seconds"][failed] > 0
        assert ended["trove_oldest_active_operation_seconds"] == {frozenset(): 0.0}
        with transaction() as session:
            session.execute(delete(OperationTarget))
            session.execute(update(Operation).values(instance_id=None))


def test_the_control_group_serves_them(cloud: Cloud) -> None:
    with urlopen(f"{cloud.function_urls['record']}/metrics", timeout=20) as reply:
        assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert "trove_operations" in samples(reply.read())
    with urlopen(f"{cloud.function_urls['host']}/metrics", timeout=20) as reply:
        assert b"trove_" not in reply.read()
