"""The form of a stored backup: numbered segments and, written last, a description that lists them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from datastores.protocol import codec
from datastores.protocol.codec import ProtocolError

INDEX = "segments.json"
"""The description's own name."""
STATE = "state"
COMPRESSIONS = ("zstd", "gzip")
_PATH = re.compile(r"segments/[0-9]{8}")
_MD5 = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Segment:
    """One object: path below the backup's prefix, MD5 as the store knows it, size in bytes, SHA-256.

    Raises ProtocolError for one that cannot be.
    """

    path: str
    etag: str
    size_bytes: int
    sha256: str

    def __post_init__(self) -> None:
        if self.path != STATE and not _PATH.fullmatch(self.path):
            raise ProtocolError(f"{self.path!r} is neither '{STATE}' nor a segment's path")
        if self.size_bytes <= 0 or not _MD5.fullmatch(self.etag) or not _SHA256.fullmatch(self.sha256):
            raise ProtocolError(f"{self.path}: its size, MD5 or SHA-256 cannot be")


@dataclass(frozen=True)
class Manifest:
    """What `segments.json` says. Restore by hand: concatenate the segments, decompress, read as `format`.

    `parent` is the id of the backup that an incremental one builds on; `state` the object that the next one needs.
    Raises ProtocolError for one from which nothing can be restored.
    """

    segments: tuple[Segment, ...]
    bytes_raw: int
    bytes_stored: int
    compression: str
    format: str
    engine_version: str
    parent: Optional[str] = None
    state: Optional[Segment] = None

    def __post_init__(self) -> None:
        paths = [segment.path for segment in self.segments]
        if not paths or paths != [segment_path(number) for number in range(1, len(paths) + 1)]:
            raise ProtocolError("the segments are not numbered from 1")
        if self.state is not None and self.state.path != STATE:
            raise ProtocolError(f"state.path must be '{STATE}'")
        if sum(segment.size_bytes for segment in self.segments) != self.bytes_stored:
            raise ProtocolError("bytes_stored is not the sum of the segments' sizes")
        if self.bytes_raw < 0 or self.compression not in COMPRESSIONS:
            raise ProtocolError(f"bytes_raw or compression ({', '.join(COMPRESSIONS)}) cannot be")

    @property
    def objects(self) -> tuple[Segment, ...]:
        """All that is stored of it."""
        return self.segments if self.state is None else (*self.segments, self.state)

    def to_json(self) -> bytes:
        """The document as stored."""
        return codec.dump(self)


def segment_path(number: int) -> str:
    """Path of the n-th segment, from 1."""
    return f"segments/{number:08d}"


def parse(text: bytes) -> Manifest:
    """A manifest from its stored form. Raises ProtocolError."""
    return codec.load(Manifest, text)
