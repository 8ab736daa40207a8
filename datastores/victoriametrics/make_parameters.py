"""Writes `parameters-<number>.json`: what a tenant may set, from the flags that a release's program describes.

`python -m datastores.victoriametrics.make_parameters PROGRAM NUMBER` reads `PROGRAM -help`. Taken are the flags named
here: those for retention, limits of queries and of what is written. Left out is what the service owns (addresses, TLS,
files, keys, memory, snapshots) and what makes the server fetch from elsewhere (`promscrape`).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from datastores.parameters import Entry

_TAKEN = """
dedup.minScrapeInterval denyQueriesOutsideRetention influxMeasurementFieldSeparator influxSkipMeasurement
influxSkipSingleField influxTrimTimestamp insert.maxQueueDuration maxConcurrentInserts maxInsertRequestSize
maxLabelValueLen maxLabelsPerTimeseries retentionPeriod search.cacheTimestampOffset search.disableCache
search.latencyOffset search.logSlowQueryDuration search.maxConcurrentRequests search.maxExportSeries
search.maxLookback search.maxPointsPerTimeseries search.maxQueryDuration search.maxQueryLen search.maxQueueDuration
search.maxSamplesPerQuery search.maxSamplesPerSeries search.maxSeries search.maxStalenessInterval
search.maxTagKeys search.maxTagValues search.maxUniqueTimeseries search.minStalenessInterval sortLabels
storage.maxDailySeries storage.maxHourlySeries
"""
_FLAG = re.compile(r"^  -(\S+)(?: (\w+))?\n((?:    \t.*\n)+)", re.MULTILINE)
_DEFAULT = re.compile(r" \(default .*\)$")
_RULES: dict[str, Entry] = {
    "": {"type": "boolean"},
    "int": {"type": "integer", "min": 0, "max": 2**31 - 1},
    "string": {"type": "string"},
    "duration": {"type": "string", "pattern": "([0-9]+(ms|s|m|h))+"},
    "size": {"type": "string", "pattern": "[0-9]+(KB|MB|GB|KiB|MiB|GiB)?"},
    "value": {"type": "string", "pattern": "[1-9][0-9]*[dwy]?"},  # a retention, of at least a day
}
_LEAST = {"search.maxConcurrentRequests": 1, "maxConcurrentInserts": 1}
"""Least values of ours: with none the server answers nothing."""


def parameters(described: str) -> list[Entry]:
    """The flags taken, as the catalog describes parameters; each is in force after a restart."""
    flags = [found.groups(default="") for found in _FLAG.finditer(described)]
    return [_parameter(name, kind, text) for name, kind, text in sorted(flags) if name in _TAKEN.split()]


def _parameter(name: str, kind: str, text: str) -> Entry:
    first = text.strip().splitlines()[0].strip()
    least = {"min": _LEAST[name]} if name in _LEAST else {}
    described = {"restart_required": True, "description": _DEFAULT.sub("", first)}
    return {"name": name, **described, **_RULES[kind], **least}


def main(program: str, number: str) -> None:
    """Write the file for a release, one parameter a line."""
    said = subprocess.run([program, "-help"], check=False, capture_output=True, text=True)
    lines = ",\n".join(json.dumps(parameter) for parameter in parameters(said.stdout + said.stderr))
    Path(__file__).with_name(f"parameters-{number}.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
