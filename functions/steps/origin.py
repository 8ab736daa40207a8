"""Where a backup comes from that was made elsewhere: a place in Swift to which its objects were copied.

Its owner names the place. It is looked for in the owner's own account, or in the service's container of the owner's
project, and nowhere else: never in what the location's host says, nor where an object there points to.
"""

from dataclasses import asdict, dataclass
from urllib.parse import unquote, urlsplit

from datastores.protocol import manifest
from datastores.protocol.codec import ProtocolError
from datastores.protocol.manifest import INDEX, Manifest
from functions.cloud import swift, swift_plain
from functions.runtime.errors import BadRequest, NotFound, StepFailed
from functions.runtime.step import Nothing, StepContext, StepInput, StepResult, step
from functions.state.models import Backup
from functions.state.subject import subject
from functions.steps.backup import CONTAINER, DATA, container, prefix

INDEX_BYTES = 32 * 2**20
"""Some 200,000 segments: more than 6 TB."""
COPY_SECONDS = 10.0
"""Time that a step keeps for copying one more segment."""


class Location(StepInput):
    """URL of the object `data` beside which the backup's others are."""

    location: str


class Found(StepResult):
    """What is there; `own_account`: in the owner's account."""

    own_account: bool
    container: str
    prefix: str
    bytes_raw: int
    engine_version: str


@dataclass(frozen=True)
class _Place:
    """Part of a container; `project_id` None is the service account."""

    project_id: str | None
    container: str
    prefix: str

    def index(self) -> bytes:
        found = swift_plain.read(self.project_id, self.container, self.prefix + INDEX, INDEX_BYTES)
        if found is None:
            raise NotFound(f"There is no backup at {self.container}/{self.prefix}: {INDEX} is missing.")
        return found


@step("origin.inspect", audience="read")
def inspect(request: Location, context: StepContext) -> Found:
    """Look at a backup that the project of the token wants to bring here.

    Raises:
        BadRequest: the place is not the project's, or what is there is no full backup of this service's form.
        NotFound: nothing is there.
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
def copy(_request: Nothing, context: StepContext) -> StepResult:
    """Copy the backup's objects to where those of backups are, as many as there is time for; the list of them first.

    Raises StepFailed: an object there is missing or not what the list says.
    """
    about = subject(context.operation_id)
    backup, asked = about.backup, about.operation.request
    place = _Place(backup.project_id if asked["own_account"] else None, asked["container"], asked["prefix"])
    index = _kept_index(place, backup)
    here = {stored.name: stored for stored in swift.list_objects(container(backup), prefix(backup))}
    for part in index.objects:
        wanted = swift.StoredObject(prefix(backup) + part.path, part.etag, part.size_bytes)
        if here.get(wanted.name) == wanted:
            continue
        if context.seconds_left < COPY_SECONDS:
            return StepResult(done=False)
        swift_plain.copy(place.project_id, place.container, place.prefix + part.path, (container(backup), wanted))
    return StepResult()


def _kept_index(place: _Place, backup: Backup) -> Manifest:
    """The list as it was when it was first read: what its owner changes there later changes nothing."""
    kept = swift_plain.read(None, container(backup), prefix(backup) + INDEX, INDEX_BYTES)
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
    """The place that a location names, if it is the project's. Raises BadRequest."""
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
    """Whether a part of a path may mean something else to who reads it."""
    return part in {"", ".", ".."} or "/" in part or not part.isprintable()


def _read(content: bytes) -> Manifest:
    """The description of a full backup. Raises BadRequest."""
    try:
        index = manifest.parse(content)
    except ProtocolError as error:
        raise BadRequest(f"{INDEX} at the remote location is not the description of a backup: {error}.") from error
    if index.parent is not None:
        raise BadRequest("The backup at the remote location is incremental: only a full backup can be brought here.")
    return index
