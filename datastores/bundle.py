"""The zipapp that travels to a host: the protocol, the host code and one datastore's engine, with its family's."""

from __future__ import annotations

import functools
import io
import json
import zipfile
from pathlib import Path

import yaml

from datastores.protocol.codec import Document

PYTHON = "/usr/bin/python3"
_ROOT = Path(__file__).parent
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: equal input gives equal bytes
_MAIN = "from datastores.host.__main__ import main\n\nmain()\n"
_LOADER = (
    "import os,sys,runpy;n=int(sys.argv.pop(1));b=sys.stdin.buffer;f=os.memfd_create('trove');d=memoryview(b.read(n))\n"
    "while d:d=d[os.write(f,d):]\n"
    "p='/proc/self/fd/%d'%f;sys.argv[0]=p;runpy.run_path(p,run_name='__main__')"
)


def loader(python: str = PYTHON) -> tuple[str, ...]:
    """The command that runs a bundle sent on its stdin from memory; the bundle's length is to be its last argument."""
    return (python, "-Ic", _LOADER)


LOADER = loader()


def argv(datastore: str, python: str = PYTHON) -> tuple[str, ...]:
    """The whole command for a datastore's bundle; `request_bytes` goes to its stdin."""
    return (*loader(python), str(len(build(datastore))))


def request_bytes(datastore: str, request: Document) -> bytes:
    """What the command reads: the bundle, then the request as one JSON line."""
    return build(datastore) + json.dumps(request).encode() + b"\n"


@functools.cache
def build(datastore: str) -> bytes:
    """The bundle of a datastore. Raises FileNotFoundError for a name that is no datastore's folder."""
    folder = _ROOT / datastore
    definition = yaml.safe_load((folder / "datastore.yaml").read_text())
    families = [_ROOT / definition["family"]] if "family" in definition else []
    sources = [_ROOT / "__init__.py", *(_ROOT / "host").rglob("*.py"), *(_ROOT / "protocol").glob("*.py")]
    for package in (folder, *families):
        sources += [package / "__init__.py", *(package / "engine").rglob("*.py")]
    files = {f"datastores/{source.relative_to(_ROOT)}": source.read_bytes() for source in sources}
    files[f"datastores/{datastore}/datastore.json"] = json.dumps(definition, sort_keys=True).encode()
    files["__main__.py"] = _MAIN.encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in sorted(files):
            bundle.writestr(zipfile.ZipInfo(name, _EPOCH), files[name], zipfile.ZIP_DEFLATED)
    return archive.getvalue()
