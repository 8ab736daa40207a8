"""A backup's objects in Swift: URLs for hosts and tenants, the verification, the deletion."""

from dataclasses import asdict
from datetime import timedelta

from datastores.catalog import catalog
from datastores.protocol import manifest
from datastores.protocol.codec import ProtocolError
from datastores.protocol.manifest import INDEX, STATE, Manifest, Segment
from functions.base.clock import now
from functions.base.errors import StepFailed
from functions.base.settings import get_settings
from functions.cloud import swift
from functions.framework.step import Nothing, StepContext, StepInput, StepResult, step
from functions.state.backups import chains, files
from functions.state.backups.files import BackupFiles
from functions.state.backups.models import Backup
from functions.state.operations import sealed
from functions.state.operations.context import TaskContext
from functions.state.operations.secrets import BackupDownload, BackupUpload, ParentDownload
from functions.storage.backup_objects import DATA, README, container, prefix, url

_PARTS = ("segments", "state")
"""Fields of the manifest that somebody who restores by hand does not need."""


@step("backup.prepare")
def prepare(_request: Nothing, context: TaskContext) -> StepResult:
    """Create the container, and a TempURL with which the host can write below the backup's prefix and nowhere else; for
    an incremental backup also a TempURL to read its parent."""
    swift.ensure_container(container(context.backup))
    *_, parent, backup = [None, *chains.of(context.backup.id)]
    deadline = context.operation.deadline
    sealed.keep(context.operation, BackupUpload(url("PUT", backup, deadline)))
    if parent is not None:
        sealed.keep(context.operation, ParentDownload(url("GET", parent, deadline)))
    return StepResult()


@step("backup.open")
def open_backup(_request: Nothing, context: TaskContext) -> StepResult:
    """Create TempURLs with which the host can read the backup and all that it builds on, the full one first."""
    deadline = context.operation.deadline
    links = tuple(url("GET", link, deadline) for link in chains.of(context.backup.id))
    sealed.keep(context.operation, BackupDownload(links))
    return StepResult()


@step("backup.commit")
def commit(_request: Nothing, context: TaskContext) -> StepResult:
    """Verify every object against Swift's own listing, then write the large object that completes the backup.

    Raises:
        StepFailed: an object is missing, differs or is not in the manifest, or the manifest cannot be read.
    """
    backup = context.backup
    place, root = container(backup), prefix(backup)
    index = _index(place, root)
    segments = [_announced(root, segment) for segment in index.segments]
    announced = [_announced(root, part) for part in index.objects]
    stored = {
        listed.name: listed
        for listed in swift.list_objects(place, root)
        if listed.name.startswith(f"{root}segments/") or listed.name == root + STATE
    }
    wrong = [part.name for part in announced if stored.get(part.name) != part]
    if wrong or len(stored) != len(announced):
        raise StepFailed(
            f"the backup's objects in Swift are not those that the host sent: {len(wrong)} missing or different, "
            f"{len(stored)} stored, {len(announced)} sent"
        )
    if index.parent not in (None, backup.parent_id):
        raise StepFailed(f"the host built on backup {index.parent}, and not on {backup.parent_id} as asked")
    swift.write_json(place, root + README, _how_to_restore(index, backup))
    etag = swift.write_manifest(place, root + DATA, segments, {"backup-id": backup.id})
    location = f"{swift.account_url()}/{place}/{root}{DATA}"
    files.record(
        backup.id,
        BackupFiles(location=location, checksum=etag, size_bytes=index.bytes_stored, parent_id=index.parent),
    )
    return StepResult()


def _index(place: str, root: str) -> Manifest:
    try:
        return manifest.parse(swift.read(place, root + INDEX))
    except ProtocolError as error:
        raise StepFailed(f"{INDEX}, as the host sent it, is not the description of a backup: {error}") from error


def _announced(root: str, segment: Segment) -> swift.StoredObject:
    return swift.StoredObject(root + segment.path, segment.etag, segment.size_bytes)


def _how_to_restore(index: Manifest, backup: Backup) -> dict[str, object]:
    """Return the content of `restore.json`: commands that restore with stock tools, and the manifest's other fields."""
    links = chains.of(backup.id) if index.parent else [backup]
    decompress = {"zstd": "zstd -d", "gzip": "gzip -d"}[index.compression]
    streams = [f"swift download {container(link)} {prefix(link)}{DATA} --output - | {decompress}" for link in links]
    stock = catalog().datastore_of(backup.datastore_version_id).stock_restore
    commands = stock.commands(streams) if stock else []
    return {"restore": commands, **{name: value for name, value in asdict(index).items() if name not in _PARTS}}


class Share(StepInput):
    """The request for download URLs."""

    seconds: int
    """Seconds until the URLs expire."""


class Shared(StepResult):
    """URLs that anybody can GET until they expire: the backup as one stream, and `restore.json`."""

    url: str
    instructions_url: str
    expires: str
    """ISO time, UTC."""


@step("backup.share", audience="read")
def share(request: Share, context: StepContext) -> Shared:
    """Create URLs with which the backup's owner can download it."""
    backup = chains.of(context.subject)[-1]
    expires = now() + timedelta(seconds=request.seconds)
    signed = swift.prefix_tempurl("GET", container(backup), prefix(backup), expires)
    return Shared(
        url=f"{signed.url_prefix}{DATA}?{signed.query}",
        instructions_url=f"{signed.url_prefix}{README}?{signed.query}",
        expires=expires.isoformat(timespec="seconds"),
    )


@step("backup.remove", compensation=True)
def remove(_request: Nothing, context: TaskContext) -> StepResult:
    """Delete every object of the backups that build on the backup, then those of the backup itself."""
    backup, least = context.backup, get_settings().backup_remove_seconds
    for member in chains.upon(backup.id):
        if context.seconds_left < least or not swift.delete_prefix(container(member), prefix(member)):
            return StepResult(done=False)
        files.record_gone(member.id)
    return StepResult(done=swift.delete_prefix(container(backup), prefix(backup)))
