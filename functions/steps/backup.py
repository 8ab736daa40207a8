"""The objects of a backup in Swift: one container per project, one prefix per backup, in the service account.

A backup is its segments, `state` (what an incremental backup upon it needs), then `segments.json` (all sent by the
host), then, once every one was verified, the static large object `data` (written here, last). COMPLETED means that the
large object is there.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

from datastores.catalog import catalog
from datastores.protocol import manifest
from datastores.protocol.codec import ProtocolError
from datastores.protocol.manifest import INDEX, STATE, Manifest, Segment
from functions.cloud import swift
from functions.runtime.clock import now
from functions.runtime.errors import StepFailed
from functions.runtime.step import Nothing, StepContext, StepInput, StepResult, step
from functions.state import chains, operations
from functions.state.findings import BackupFiles, record_backup_files, record_backup_gone
from functions.state.models import Backup
from functions.state.subject import Subject, subject

CONTAINER = "trove_backups_"
"""What the names of all our containers begin with."""
DATA = "data"
README = "restore.json"
_PARTS = ("segments", "state")
"""What of the description a person who restores does not need."""
URL_SLACK = timedelta(minutes=5)
"""A TempURL outlives its operation's deadline by this."""
REMOVE_SECONDS = 10.0
"""Time that a step keeps for removing one more backup."""


def container(backup: Backup) -> str:
    """The container of the backup's project."""
    return f"{CONTAINER}{backup.project_id}"


def prefix(backup: Backup) -> str:
    """What the names of all the backup's objects begin with."""
    return f"{backup.id}/"


@step("backup.prepare")
def prepare(_request: Nothing, context: StepContext) -> StepResult:
    """Make the container, and a TempURL with which the host can write below the backup's prefix and nowhere else; for
    an incremental backup also one to read its parent."""
    about = subject(context.operation_id)
    swift.ensure_container(container(about.backup))
    *_, parent, backup = [None, *chains.of(about.backup.id)]
    _keep_urls(about, {"upload": lambda: _url(about, "PUT", backup)})
    if parent is not None:
        _keep_urls(about, {"parent": lambda: _url(about, "GET", parent)})
    return StepResult()


@step("backup.open")
def open_backup(_request: Nothing, context: StepContext) -> StepResult:
    """Make TempURLs with which the host can read the backup and all that it builds on, the full one first."""
    about = subject(context.operation_id)
    _keep_urls(about, {"download": lambda: [_url(about, "GET", link) for link in chains.of(about.backup.id)]})
    return StepResult()


def _keep_urls(about: Subject, urls: dict[str, Callable[[], object]]) -> None:
    kept = operations.secrets(about.operation.id)
    if missing := {name: make() for name, make in urls.items() if name not in kept}:
        operations.add_secrets(about.operation.id, missing)


def _url(about: Subject, method: str, backup: Backup) -> dict[str, str]:
    expires = about.operation.deadline + URL_SLACK
    return asdict(swift.prefix_tempurl(method, container(backup), prefix(backup), expires))


@step("backup.commit")
def commit(_request: Nothing, context: StepContext) -> StepResult:
    """Verify every object against Swift's own listing, then write the large object that makes the backup whole.

    Raises:
        StepFailed: an object is missing, differs, or was never announced, or their description cannot be.
    """
    backup = subject(context.operation_id).backup
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
    record_backup_files(
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
    """Shell commands that need nothing but the stock tools."""
    links = chains.of(backup.id) if index.parent else [backup]
    decompress = {"zstd": "zstd -d", "gzip": "gzip -d"}[index.compression]
    streams = [f"swift download {container(link)} {prefix(link)}{DATA} --output - | {decompress}" for link in links]
    stock = catalog().find(catalog().version_by_id(backup.datastore_version_id).datastore).stock_restore
    commands = stock.commands(streams) if stock else []
    return {"restore": commands, **{name: value for name, value in asdict(index).items() if name not in _PARTS}}


class Share(StepInput):
    """For how long."""

    seconds: int


class Shared(StepResult):
    """URLs that anybody can GET until they expire: the backup as one stream, and how to restore it."""

    url: str
    instructions_url: str
    expires: str
    """UTC."""


@step("backup.share", audience="read")
def share(request: Share, context: StepContext) -> Shared:
    """Make URLs with which the backup's owner can download it."""
    backup = chains.of(context.subject)[-1]
    expires = now() + timedelta(seconds=request.seconds)
    url = swift.prefix_tempurl("GET", container(backup), prefix(backup), expires)
    return Shared(
        url=f"{url.url_prefix}{DATA}?{url.query}",
        instructions_url=f"{url.url_prefix}{README}?{url.query}",
        expires=expires.isoformat(timespec="seconds"),
    )


@step("backup.remove", compensation=True)
def remove(_request: Nothing, context: StepContext) -> StepResult:
    """Delete every object of the backup, and before it of those that build on it."""
    backup = subject(context.operation_id).backup
    for member in chains.upon(backup.id):
        if context.seconds_left < REMOVE_SECONDS or not swift.delete_prefix(container(member), prefix(member)):
            return StepResult(done=False)
        record_backup_gone(member.id)
    return StepResult(done=swift.delete_prefix(container(backup), prefix(backup)))
