"""The objects of a backup in Swift: one container per project, one prefix per backup, in the service account.

A backup is its segments, then `segments.json` (both sent by the host), then, once every segment was verified, the
static large object `data` (written here, last). COMPLETED means that the large object is there.
"""

from datetime import timedelta

from pydantic import BaseModel

from functions.cloud import swift
from functions.runtime.errors import StepFailed
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state import operations
from functions.state.findings import record_backup_files
from functions.state.models import Backup
from functions.state.subject import Subject, subject

CONTAINER = "trove_backups_"
"""What the names of all our containers begin with."""
DATA = "data"
INDEX = "segments.json"
README = "restore.json"
URL_SLACK = timedelta(minutes=5)
"""A TempURL outlives its operation's deadline by this."""


class Segment(BaseModel):
    """One segment as the host sent it; `path` is below the backup's prefix."""

    path: str
    etag: str
    size_bytes: int
    sha256: str


class SegmentIndex(BaseModel):
    """What the host says it sent."""

    segments: list[Segment]
    bytes_raw: int
    bytes_stored: int
    compression: str
    format: str
    engine_version: str


def container(backup: Backup) -> str:
    """The container of the backup's project."""
    return f"{CONTAINER}{backup.project_id}"


def prefix(backup: Backup) -> str:
    """What the names of all the backup's objects begin with."""
    return f"{backup.id}/"


@step("backup.prepare")
def prepare(_request: Nothing, context: StepContext) -> StepResult:
    """Make the container, and a TempURL with which the host can write below the backup's prefix and nowhere else."""
    about = subject(context.operation_id)
    swift.ensure_container(container(about.backup))
    _share_url(about, "PUT", "upload")
    return StepResult()


@step("backup.open")
def open_backup(_request: Nothing, context: StepContext) -> StepResult:
    """Make a TempURL with which the host can read the backup."""
    _share_url(subject(context.operation_id), "GET", "download")
    return StepResult()


def _share_url(about: Subject, method: str, name: str) -> None:
    if name not in operations.secrets(about.operation.id):
        expires = about.operation.deadline + URL_SLACK
        url = swift.prefix_tempurl(method, container(about.backup), prefix(about.backup), expires)
        operations.add_secrets(about.operation.id, {name: {"url_prefix": url.url_prefix, "query": url.query}})


@step("backup.commit")
def commit(_request: Nothing, context: StepContext) -> StepResult:
    """Verify every segment against Swift's own listing, then write the large object that makes the backup whole.

    Raises:
        StepFailed: a segment is missing, differs, or was never announced.
    """
    backup = subject(context.operation_id).backup
    place, root = container(backup), prefix(backup)
    index = SegmentIndex.model_validate(swift.read_json(place, root + INDEX))
    stored = {listed.name: listed for listed in swift.list_objects(place, root + "segments/")}
    announced = [swift.StoredObject(root + s.path, s.etag, s.size_bytes) for s in index.segments]
    wrong = [segment.name for segment in announced if stored.get(segment.name) != segment]
    if wrong or not announced or len(stored) != len(announced):
        raise StepFailed(
            f"the backup's segments in Swift are not those that the host sent: {len(wrong)} missing or different, "
            f"{len(stored)} stored, {len(announced)} sent"
        )
    swift.write_json(place, root + README, _how_to_restore(index, place, root))
    etag = swift.write_manifest(place, root + DATA, announced, {"backup-id": backup.id})
    location = f"{swift.account_url()}/{place}/{root}{DATA}"
    record_backup_files(backup.id, location, etag, index.bytes_stored)
    return StepResult()


def _how_to_restore(index: SegmentIndex, place: str, root: str) -> dict[str, object]:
    decompress = {"zstd": "zstd -d", "gzip": "gzip -d"}[index.compression]
    return {
        "restore": f"swift download {place} {root}{DATA} --output - | {decompress} | tar -x -C DATA_DIRECTORY",
        **index.model_dump(exclude={"segments"}),
    }


@step("backup.remove", compensation=True)
def remove(_request: Nothing, context: StepContext) -> StepResult:
    """Delete every object of the backup."""
    backup = subject(context.operation_id).backup
    return StepResult(done=swift.delete_prefix(container(backup), prefix(backup)))
