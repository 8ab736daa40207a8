"""Streaming compression: zstd through the libzstd that dpkg itself needs (so it is there), else gzip.

Function and parameter numbers are those of zstd.h (stable since 1.4.0).
"""

from __future__ import annotations

import ctypes
import zlib
from collections.abc import Iterator

from datastores.host.errors import DamagedBackup, EngineError, Unsupported
from datastores.host.streams import Sink, Source

ZSTD, GZIP = "zstd", "gzip"
_LEVEL, _CHECKSUM, _WORKERS = 100, 201, 400  # ZSTD_c_compressionLevel, ZSTD_c_checksumFlag, ZSTD_c_nbWorkers
_CONTINUE, _END = 0, 2  # ZSTD_e_continue, ZSTD_e_end
_OUT_BYTES = 256 * 1024
_GZIP_WBITS = 31  # zlib.h: 15 bits of window + 16 for the gzip format


class _Buffer(ctypes.Structure):
    _fields_ = (("start", ctypes.c_void_p), ("size", ctypes.c_size_t), ("pos", ctypes.c_size_t))


def _load() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL("libzstd.so.1")
        names = ("ZSTD_createCCtx", "ZSTD_createDCtx", "ZSTD_getErrorName")
        for name in names:
            getattr(library, name).restype = ctypes.c_char_p if name.endswith("Name") else ctypes.c_void_p
        for name in ("ZSTD_compressStream2", "ZSTD_decompressStream", "ZSTD_CCtx_setParameter"):
            getattr(library, name).restype = ctypes.c_size_t
    except (OSError, AttributeError):
        return None
    library.ZSTD_isError.argtypes = library.ZSTD_getErrorName.argtypes = (ctypes.c_size_t,)
    return library


_library = _load()


def best() -> str:
    """The better compression this host has: `zstd` or `gzip`."""
    return ZSTD if _library else GZIP


def compressor(kind: str, sink: Sink, workers: int = 1) -> Compressor:
    """Something to write to that passes compressed blocks on. `workers` threads compress beside the caller."""
    return _ZstdCompressor(sink, workers) if kind == ZSTD else _GzipCompressor(sink)


def decompress(kind: str, source: Source) -> Iterator[memoryview]:
    """The original blocks. Raises DamagedBackup when the stream is damaged or cut, Unsupported without the library."""
    if kind == ZSTD:
        return _decompress_zstd(source)
    if kind == GZIP:
        return _decompress_gzip(source)
    raise Unsupported(f"this backup is compressed with '{kind}', which this host does not know")


class Compressor:
    """Takes blocks, passes them on compressed; `finish` ends the stream."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, block: memoryview) -> None:
        """Compress one block."""
        raise NotImplementedError

    def finish(self) -> None:
        """Pass on all that is left, with the stream's end."""
        raise NotImplementedError


class _ZstdCompressor(Compressor):
    def __init__(self, sink: Sink, workers: int) -> None:
        super().__init__(sink)
        self._lib = _zstd()
        self._context = ctypes.c_void_p(self._lib.ZSTD_createCCtx())
        for parameter, value in ((_LEVEL, 1), (_CHECKSUM, 1)):
            _checked(self._lib, self._lib.ZSTD_CCtx_setParameter(self._context, parameter, value))
        self._lib.ZSTD_CCtx_setParameter(self._context, _WORKERS, workers)  # refused by a build without threads: fine
        self._out = memoryview(bytearray(_OUT_BYTES))
        self._out_start = ctypes.addressof(ctypes.c_char.from_buffer(self._out))

    def write(self, block: memoryview) -> None:
        source = _Buffer(ctypes.addressof(ctypes.c_char.from_buffer(block)), len(block), 0)
        while source.pos < source.size:
            self._step(source, _CONTINUE)

    def finish(self) -> None:
        source = _Buffer(None, 0, 0)
        while self._step(source, _END):
            pass
        self._lib.ZSTD_freeCCtx(self._context)

    def _step(self, source: _Buffer, directive: int) -> int:
        out = _Buffer(self._out_start, _OUT_BYTES, 0)
        left = self._lib.ZSTD_compressStream2(self._context, ctypes.byref(out), ctypes.byref(source), directive)
        _checked(self._lib, left)
        if out.pos:
            self._sink(self._out[: out.pos])
        return int(left)


class _GzipCompressor(Compressor):
    def __init__(self, sink: Sink) -> None:
        super().__init__(sink)
        self._zlib = zlib.compressobj(1, zlib.DEFLATED, _GZIP_WBITS)

    def write(self, block: memoryview) -> None:
        self._sink(memoryview(self._zlib.compress(block)))

    def finish(self) -> None:
        self._sink(memoryview(self._zlib.flush()))


def _decompress_zstd(source: Source) -> Iterator[memoryview]:
    library = _zstd()
    context = ctypes.c_void_p(library.ZSTD_createDCtx())
    out = memoryview(bytearray(_OUT_BYTES))
    start = ctypes.addressof(ctypes.c_char.from_buffer(out))
    left = 1
    try:
        for block in source:
            taken = _Buffer(ctypes.addressof(ctypes.c_char.from_buffer(block)), len(block), 0)
            full = False
            while taken.pos < taken.size or (full and left):
                given = _Buffer(start, _OUT_BYTES, 0)
                left = library.ZSTD_decompressStream(context, ctypes.byref(given), ctypes.byref(taken))
                _checked(library, left)
                full = given.pos == _OUT_BYTES
                if given.pos:
                    yield out[: given.pos]
    finally:
        library.ZSTD_freeDCtx(context)
    if left:
        raise DamagedBackup("the backup's stream ends too early")


def _decompress_gzip(source: Source) -> Iterator[memoryview]:
    inflate = zlib.decompressobj(_GZIP_WBITS)
    try:
        for block in source:
            data: bytes | memoryview = block
            while data:
                yield memoryview(inflate.decompress(data, _OUT_BYTES))
                data = inflate.unconsumed_tail
        yield memoryview(inflate.flush())
    except zlib.error as error:
        raise DamagedBackup(f"the backup's stream is damaged: {error}") from error
    if not inflate.eof:
        raise DamagedBackup("the backup's stream ends too early")


def _zstd() -> ctypes.CDLL:
    if _library is None:
        raise Unsupported("this host has no libzstd.so.1: install libzstd")
    return _library


def _checked(library: ctypes.CDLL, code: int) -> None:
    if library.ZSTD_isError(code):
        name = library.ZSTD_getErrorName(code).decode()
        kind = DamagedBackup if "orrupt" in name or "hecksum" in name or "prefix" in name else EngineError
        raise kind(f"zstd: {name}")
