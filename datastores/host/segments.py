"""The form of a stored backup: numbered segments and, written last, a description that lists them."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from datastores.host.errors import DamagedBackup

MANIFEST = "segments.json"
STATE = "state"
_PATH = re.compile(r"segments/[0-9]{8}")


@dataclass(frozen=True)
class Segment:
    """One object: path below the backup's prefix, MD5 as the store knows it, size in bytes, SHA-256."""

    path: str
    etag: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What `segments.json` says. Restore by hand: concatenate the segments, decompress, read as `format`.

    `parent` is the id of the backup that an incremental one builds on; `state` the object that the next one needs.
    """

    segments: tuple[Segment, ...]
    bytes_raw: int
    bytes_stored: int
    compression: str
    format: str
    engine_version: str
    parent: str | None = None
    state: Segment | None = None

    def to_json(self) -> bytes:
        """The document as stored."""
        return json.dumps(asdict(self), indent=1).encode()


def segment_path(number: int) -> str:
    """Path of the n-th segment, from 1."""
    return f"segments/{number:08d}"


def parse(text: bytes) -> Manifest:
    """A manifest from its stored form. Raises DamagedBackup."""
    try:
        document: dict[str, Any] = json.loads(text)
        segments = tuple(Segment(**item) for item in document.pop("segments"))
        state = document.pop("state", None)
        manifest = Manifest(segments=segments, state=state and Segment(**state), **document)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamagedBackup(f"reading {MANIFEST}: it is not the description of a backup") from error
    for segment in segments:
        if not _PATH.fullmatch(segment.path) or segment.size_bytes <= 0:
            raise DamagedBackup(f"reading {MANIFEST}: segment {segment.path!r} cannot be")
    if manifest.state is not None and (manifest.state.path != STATE or manifest.state.size_bytes <= 0):
        raise DamagedBackup(f"reading {MANIFEST}: state {manifest.state.path!r} cannot be")
    if sum(segment.size_bytes for segment in segments) != manifest.bytes_stored:
        raise DamagedBackup(f"reading {MANIFEST}: the sizes of the segments do not add up")
    return manifest
