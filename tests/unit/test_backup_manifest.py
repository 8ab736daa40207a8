"""The backup manifest is found in pg_basebackup's tar however the stream is cut."""

import io
import tarfile
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from datastores.postgresql.engine.manifest import ManifestTap

MANIFEST = b'{ "PostgreSQL-Backup-Manifest-Version": 2}\n'


def tar_of(members: dict[str, bytes]) -> bytes:
    """A tar in the form that PostgreSQL writes, with a directory in it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        directory = tarfile.TarInfo("base")
        directory.type = tarfile.DIRTYPE
        archive.addfile(directory)
        for name, body in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return stream.getvalue()


@given(
    sizes=st.lists(st.integers(0, 2000), max_size=4),
    last=st.integers(1, 1500),
    cuts=st.lists(st.integers(1, 900), min_size=1),
)
def test_the_manifest_is_kept_and_all_passes(sizes: list[int], last: int, cuts: list[int]) -> None:
    files = {f"base/{number}/backup_manifest": bytes(size) for number, size in enumerate(sizes)}
    manifest = MANIFEST * last
    tar = tar_of(files | {"backup_manifest": manifest})
    passed = bytearray()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "own"
        tap = ManifestTap(passed.extend, path)
        position = turn = 0
        while position < len(tar):
            length = cuts[turn % len(cuts)]
            tap.write(memoryview(tar)[position : position + length])
            position, turn = position + length, turn + 1
        assert path.read_bytes() == manifest
    assert passed == tar


def test_sizes_beyond_the_octal_field_are_read() -> None:
    header = bytearray(tar_of({"base/1": b""})[512:1024])
    header[124:136] = b"\x80" + (9 * 2**30).to_bytes(11, "big")
    tap = ManifestTap(lambda _block: None, Path("unused"))
    tap.write(memoryview(header))
    assert tap._body == 9 * 2**30
