"""Metrics in Prometheus's text format, counted for every scrape, since functions keep no counters.

Format: "Text-based format" in the Prometheus documentation. The figures are those of `functions.state.metrics`.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from datastores.catalog import UnknownDatastoreError, catalog
from functions.state.groups.standing import State
from functions.state.metrics.metrics import Figures, Labels, collect

if TYPE_CHECKING:
    from prometheus_client import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition() -> bytes:
    """Return the text for a scrape. Raises DatabaseUnavailable."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(collect()))
    return generate_latest(registry)


class _Snapshot:
    """A collector of figures that were counted before."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> "Iterator[Metric]":
        figures = self._figures
        yield _gauge(
            "trove_instances", "Instances.", ["status", "operating_status", "datastore", "version"],
            ((_with_datastore(labels), value) for labels, value in figures.instances.items()),
        )  # fmt: skip
        yield _gauge("trove_instance_volume_gigabytes", "Volumes of all instances.", [], [((), figures.volume_gb)])
        yield _gauge("trove_instance_memory_megabytes", "Memory of all instances.", [], [((), figures.memory_mb)])
        yield from self._replicas()
        yield _gauge("trove_backups", "Backups.", ["status"], figures.backups.items())
        yield _gauge("trove_backup_bytes", "Bytes of backups in Swift.", ["status"], figures.backup_bytes.items())
        yield _gauge(
            "trove_operations", "Operations of all time, by what became of them.", ["type", "state"],
            figures.operations.items(),
        )  # fmt: skip
        yield _gauge(
            "trove_oldest_active_operation_seconds", "Age of the oldest operation that has not ended, 0 without one.",
            [], [((), figures.oldest_active_seconds)],
        )  # fmt: skip
        yield self._durations()
        yield _gauge(
            "trove_operation_longest_seconds", "The longest of the operations that ended in the last hour.",
            ["type", "state"], ((labels, took.longest) for labels, took in figures.durations.items()),
        )  # fmt: skip

    def _replicas(self) -> "Iterator[Metric]":
        """The gauges of replicas; one that has not been seen yet, or of which it is not known, has no figure."""
        seen = [(labels, replica) for labels, replica in self._figures.replicas.items() if replica.state is not None]
        names = ["instance", "source"]
        following = [(labels, float(replica.state == State.FOLLOWING)) for labels, replica in seen]
        yield _gauge("trove_replica_following", "Whether a replica follows its source: 1 or 0.", names, following)
        words = "How old the data of a replica is; without its source, the time since the last contact."
        lag = [(labels, replica.lag_seconds) for labels, replica in seen if replica.lag_seconds is not None]
        yield _gauge("trove_replica_lag_seconds", words, names, lag)
        behind = [(labels, replica.lag_bytes) for labels, replica in seen if replica.lag_bytes is not None]
        words = "Bytes of the source's log that a replica has not replayed; without it, those kept for the replica."
        yield _gauge("trove_replica_lag_bytes", words, names, behind)

    def _durations(self) -> "Metric":
        from prometheus_client.core import SummaryMetricFamily

        words = "From acceptance to the end, of operations that ended in the last hour."
        family = SummaryMetricFamily("trove_operation_seconds", words, labels=["type", "state"])
        for labels, took in self._figures.durations.items():
            family.add_metric(list(labels), count_value=took.count, sum_value=took.total)
        return family


def _gauge(name: str, words: str, labels: list[str], values: "Iterable[tuple[Labels, float]]") -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(name, words, labels=labels)
    for own, value in values:
        family.add_metric(list(own), value)
    return family


def _with_datastore(labels: Labels) -> Labels:
    status, operating_status, version_id = labels
    try:
        version = catalog().version_by_id(version_id)
    except UnknownDatastoreError:
        return status, operating_status, "unknown", version_id
    return status, operating_status, version.datastore, version.name
