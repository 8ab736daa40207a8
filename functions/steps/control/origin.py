"""The origin of an imported backup: a place in Swift to which its owner has copied the objects.

The owner names the place by a URL, of which only the path counts. It must be in the owner's own account, or in the
service's container of the owner's project; links in an object there are not followed.
"""

from dataclasses import asdict, dataclass
from urllib.parse import unquote, urlsplit

from datastores.protocol import manifest
from datastores.protocol.codec import ProtocolError
from datastores.protocol.manifest import INDEX, Manifest
from functions.base.errors import BadRequest, NotFound, StepFailed
from functions.base.settings import get_settings
from functions.cloud import swift, swift_plain
from functions.framework.step import Nothing, StepContext, StepInput, StepResult, step
from functions.operations.backup_import import Request
from functions.state.backups.models import Backup
from functions.state.operations.acceptance import request_of
from functions.state.operations.context import TaskContext
from functions.storage.backup_objects import CONTAINER, DATA, container, prefix


class Location(StepInput):
    """The request for an import: URL of the object `data`, beside which the backup's other objects are."""

    location: str


class Found(StepResult):
    """The backup that is there; `own_account`: whether it is in the owner's account."""

    own_account: bool
    container: str
    prefix: str
    bytes_raw: int
    engine_version: str


@dataclass(frozen=True)
class _Place:
    """A prefix of a container; `project_id` None is the service account."""

    project_id: str | None
    container: str
    prefix: str

    def index(self) -> bytes:
        found = swift_plain.read(
            self.project_id, self.container, self.prefix + INDEX, get_settings().import_index_bytes
        )
        if found is None:
            raise NotFound(f"There is no backup at {self.container}/{self.prefix}: {INDEX} is missing.")
        return found


@step("origin.inspect", audience="read")
def inspect(request: Location, context: StepContext) -> Found:
    """Read the manifest of a backup that the project of the token wants to import.

    Raises:
        BadRequest: the place is not the project's, or has no full backup of this service's form.
        NotFound: the place has no manifest.
    """
    place = _place(request.location, context.subject)
    index = _read(place.index())
    return Found(
        own_account=place.project_id is not None,
        container=place.container,
        prefix=place.prefix,
        bytes_raw=index.bytes_raw,
        engine_version=index.engine_version,
    )


@step("origin.copy")
def copy(_request: Nothing, context: TaskContext) -> StepResult:
    """Copy the manifest, then as many of the backup's objects as there is time for, to the project's container.

    Raises StepFailed if an object is missing or differs from the manifest.
    """
    backup, asked = context.backup, request_of(context.operation, Request)
    place = _Place(backup.project_id if asked.own_account else None, asked.container, asked.prefix)
    index = _kept_index(place, backup)
    here = {stored.name: stored for stored in swift.list_objects(container(backup), prefix(backup))}
    for part in index.objects:
        wanted = swift.StoredObject(prefix(backup) + part.path, part.etag, part.size_bytes)
        if here.get(wanted.name) == wanted:
            continue
        if context.seconds_left < get_settings().import_copy_seconds:
            return StepResult(done=False)
        swift_plain.copy(place.project_id, place.container, place.prefix + part.path, (container(backup), wanted))
    return StepResult()


def _kept_index(place: _Place, backup: Backup) -> Manifest:
    """Return the manifest as it was first read, which is copied: later changes at the origin have no effect."""
    most = get_settings().import_index_bytes
    kept = swift_plain.read(None, container(backup), prefix(backup) + INDEX, most)
    if kept is None:
        swift.ensure_container(container(backup))
        kept = place.index()
        index = _read(kept)
        swift.write_json(container(backup), prefix(backup) + INDEX, asdict(index))
    try:
        return _read(kept)
    except BadRequest as error:
        raise StepFailed(error.message) from error


def _place(location: str, project_id: str) -> _Place:
    """Return the place that a location names. Raises BadRequest if it is not the project's."""
    path = urlsplit(location).path
    for owner in (project_id, None):
        account = urlsplit(swift.account_url(owner)).path + "/"
        parts = [unquote(part) for part in path.removeprefix(account).split("/")]
        if not path.startswith(account) or parts[-1] != DATA or any(_strange(part) for part in parts[:-1]):
            continue
        if len(parts) > 1 and (owner or parts[0] == f"{CONTAINER}{project_id}"):
            return _Place(owner, parts[0], "".join(f"{part}/" for part in parts[1:-1]))
    raise BadRequest(
        "The remote location must be the URL of the object 'data' of a backup, with its other objects beside it, in"
        " the Swift account of this project."
    )


def _strange(part: str) -> bool:
    """Return whether a part of a path is empty, relative or unprintable, so that others may read it differently."""
    return part in {"", ".", ".."} or "/" in part or not part.isprintable()


def _read(content: bytes) -> Manifest:
    """Parse the manifest of a full backup. Raises BadRequest."""
    try:
        index = manifest.parse(content)
    except ProtocolError as error:
        raise BadRequest(f"{INDEX} at the remote location is not the description of a backup: {error}.") from error
    if index.parent is not None:
        raise BadRequest("The backup at the remote location is incremental: only a full backup can be brought here.")
    return index
