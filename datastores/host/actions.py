"""The actions a job can do, composed of the Engine contract. Each can be started again after a crash halfway."""

from __future__ import annotations

import functools
import hashlib
from typing import Any, Callable

from datastores.host import arguments as fields
from datastores.host import download, tempurl, zstd
from datastores.host.engine import Engine
from datastores.host.errors import BadRequest
from datastores.host.progress import Progress
from datastores.host.segments import MANIFEST, Manifest
from datastores.host.streams import counted, counted_source
from datastores.host.upload import SegmentUploader

_COMPRESSING_THREADS = 2
Action = Callable[[Engine, "dict[str, Any]", Progress], "dict[str, Any]"]


def create(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """A new, empty database with the databases and users asked for."""
    databases, users = fields.databases(arguments), fields.users(arguments)
    progress.phase("install")
    engine.install()
    progress.phase("initialize")
    engine.initialize()
    _begin(engine, fields.settings(arguments), progress)
    progress.phase("users")
    engine.create_databases(databases)
    engine.create_users(users)
    return {"version": engine.status().version}


def restore(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """A database with the data of a backup, then the databases and users asked for."""
    databases, users = fields.databases(arguments), fields.users(arguments)
    progress.phase("install")
    engine.install()
    progress.phase("download")
    store = tempurl.store(arguments.get("download"))
    manifest = download.manifest(store)
    if manifest.format != engine.backup_format:
        raise BadRequest(f"the backup's format is '{manifest.format}', this datastore reads '{engine.backup_format}'")
    report = functools.partial(progress.bytes, expected=manifest.bytes_stored)
    stored = counted_source(download.stored_stream(store, manifest.segments), report)
    engine.restore(zstd.decompress(manifest.compression, stored))
    _begin(engine, fields.settings(arguments), progress)
    progress.phase("verify")
    engine.verify()
    progress.phase("users")
    engine.create_databases(databases)
    engine.create_users(users)
    return {"version": engine.status().version, "bytes_raw": manifest.bytes_raw}


def backup(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """A copy of all data in the object store; `segments.json` is written last."""
    progress.phase("upload")
    store = tempurl.store(arguments.get("upload"))
    uploader = SegmentUploader(store, fields.positive(arguments, "segment_bytes"))
    version = engine.status().version or engine.version.number
    raw, expected = _Total(), engine.backup_bytes()
    compression = zstd.best()
    compressor = zstd.compressor(compression, uploader.write, min(_COMPRESSING_THREADS, engine.facts.cpus))
    engine.backup(counted(compressor.write, lambda total: progress.bytes(raw.set(total), expected)))
    compressor.finish()
    segments = uploader.finish()
    stored = sum(segment.size_bytes for segment in segments)
    manifest = Manifest(segments, raw.value, stored, compression, engine.backup_format, version)
    body = manifest.to_json()
    store.put(MANIFEST, memoryview(body), hashlib.md5(body, usedforsecurity=False).hexdigest())
    progress.complete(raw.value)
    return {"bytes_raw": raw.value, "bytes_stored": stored, "segments": len(segments)}


def restart(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Stop and start the database."""
    progress.phase("restart")
    engine.restart()
    return {"version": engine.status().version}


def start(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Start the database."""
    progress.phase("start")
    engine.start()
    return {"version": engine.status().version}


def stop(engine: Engine, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Stop the database."""
    progress.phase("stop")
    engine.stop()
    return {}


ACTIONS: dict[str, Action] = {
    function.__name__: function for function in (create, restore, backup, restart, start, stop)
}


def find(name: str) -> Action:
    """The action of that name. Raises BadRequest."""
    if name not in ACTIONS:
        raise BadRequest(f"there is no action '{name}': there are {', '.join(sorted(ACTIONS))}")
    return ACTIONS[name]


def _begin(engine: Engine, settings: dict[str, Any], progress: Progress) -> None:
    progress.phase("configure")
    engine.configure(settings)
    progress.phase("start")
    engine.start()


class _Total:
    """The last number reported."""

    value = 0

    def set(self, value: int) -> int:
        self.value = value
        return value
