"""The jobs `backup` and `restore`: an engine's streams to and from the object store."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path

from datastores.host import download, files, zstd
from datastores.host.engine import Engine
from datastores.host.errors import BadRequest, DamagedBackup, ParentUnusable
from datastores.host.facts import Facts
from datastores.host.progress import Progress
from datastores.host.roles.backups import Backups, BackupState
from datastores.host.roles.server import Server
from datastores.host.streams import Sink, Source, counted, counted_source
from datastores.host.tempurl import Store
from datastores.host.upload import SegmentUploader, put, store_file
from datastores.protocol.engine import Backup, Parent
from datastores.protocol.manifest import INDEX, STATE, Manifest

_COMPRESSING_THREADS = 2
_SCRATCH = "backup.tmp"


def dump(engine: Engine, asked: Backup, progress: Progress) -> Manifest:
    """Store a backup of all data, or of what changed since its parent; `segments.json` is written last.

    Of several, for a tenant and for new replicas, one is made after another.

    A parent that cannot be built on fails the job only where it is required; else the backup becomes a full one.
    """
    role, store = Backups.of(engine), Store(asked.upload)
    uploader = SegmentUploader(store, asked.segment_bytes)
    version = Server.of(engine).status().version or engine.version.number
    compression = zstd.best()
    compressor = zstd.compressor(compression, uploader.write, min(_COMPRESSING_THREADS, engine.facts.cpus))
    raw = _Counted(compressor.write, progress)
    with files.locked(engine.facts.jobs / ".backup.lock"), _scratch(engine.facts) as scratch:
        state = BackupState(scratch / "own")
        parent_id = _write(engine.facts, role, asked.parent, state, raw)
        compressor.finish()
        segments = uploader.finish()
        kept = store_file(store, STATE, state.own) if state.own.exists() else None
    stored = sum(segment.size_bytes for segment in segments)
    manifest = Manifest(segments, raw.total, stored, compression, role.format, version, parent=parent_id, state=kept)
    put(store, INDEX, memoryview(manifest.to_json()))
    progress.complete(raw.total)
    return manifest


def layers(engine: Engine, stores: list[Store], progress: Progress) -> Iterator[Source]:
    """The streams of a full backup and of the incremental ones upon it, each fetched when it is read.

    Raises BadRequest for a format the engine does not read, DamagedBackup when the chain is not whole.
    """
    readable = Backups.of(engine).format
    manifests = [download.manifest(store) for store in stores]
    for position, manifest in enumerate(manifests):
        if manifest.format != readable:
            raise BadRequest(f"the backup's format is '{manifest.format}', this datastore reads '{readable}'")
        if (manifest.parent is None) != (position == 0):
            raise DamagedBackup("a full backup must come first, and only first, in the chain to restore")
    return _streams(stores, manifests, progress)


def _streams(stores: list[Store], manifests: list[Manifest], progress: Progress) -> Iterator[Source]:
    expected = sum(manifest.bytes_stored for manifest in manifests)
    before = 0
    for store, manifest in zip(stores, manifests):
        report = functools.partial(_report, progress, before, expected)
        stored = counted_source(download.stored_stream(store, manifest.segments), report)
        yield zstd.decompress(manifest.compression, stored)
        before += manifest.bytes_stored


def _report(progress: Progress, before: int, expected: int, done: int) -> None:
    progress.bytes(before + done, expected)


def _write(facts: Facts, role: Backups, parent: Parent | None, state: BackupState, sink: _Counted) -> str | None:
    """Dump upon the parent if it can be; the id of the parent that was built on."""
    if parent is not None:
        try:
            base = state.own.with_name("parent")
            _fetch_state(facts, parent, base)
            role.backup(sink.expecting(None), BackupState(state.own, base))
        except ParentUnusable:
            if parent.required:
                raise
        else:
            return parent.id
    role.backup(sink.expecting(role.size()), state)
    return None


def _fetch_state(facts: Facts, parent: Parent, path: Path) -> None:
    store = Store(parent.download)
    stored = download.manifest(store).state
    if stored is None:
        raise ParentUnusable(f"backup {parent.id} left nothing that an incremental backup can be built on")
    download.fetch(store, stored, path)
    facts.chown(path)


@contextlib.contextmanager
def _scratch(facts: Facts) -> Iterator[Path]:
    """A directory on the volume that the engine's user can enter, empty at first and gone at the end."""
    scratch = facts.data / _SCRATCH
    facts.make_empty(scratch)
    try:
        yield scratch
    finally:
        files.remove_tree(scratch)


class _Counted:
    """A sink whose bytes are counted, and are the job's progress."""

    def __init__(self, sink: Sink, progress: Progress) -> None:
        self._sink, self._progress = sink, progress
        self.total = 0

    def expecting(self, expected: int | None) -> Sink:
        """The sink, with about how many bytes will come; None when that is unknown."""

        def report(done: int) -> None:
            self.total = done
            self._progress.bytes(done, expected)

        return counted(self._sink, report)
