"""The object store as a host sees it: one prefix, reached through a prefix TempURL, and nothing else.

See "TempURL middleware" in the Swift documentation. The query string is the capability: it never appears in errors.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import time
from dataclasses import dataclass
from typing import Callable, TypeVar
from urllib.parse import quote, urlsplit

from datastores.host.errors import DamagedBackup, StorageError, StorageRefused
from datastores.protocol.storage import Prefix

_SOCKET_SECONDS = 60.0
_RETRIED = frozenset({408, 409, 422, 425, 429})  # 422: Swift found another ETag than ours, the body was damaged
_REASONS = {
    404: "the container or the object is not there (any more)",
    413: "the container's or the account's quota is used up: delete backups that are not needed, or have it raised",
}
"""What the statuses mean that are not about the address."""
Result = TypeVar("Result")


class TryAgain(Exception):
    """An attempt failed in a way that may pass; the store may have said after how many seconds to come again."""

    def __init__(self, message: str, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


@dataclass(frozen=True)
class Retry:
    """How long to insist, in seconds: pauses double from `first` to `longest` until `give_up` have passed.

    A store that asks for a longer pause (Retry-After) gets it.
    """

    first: float = 0.25
    longest: float = 30.0
    give_up: float = 600.0

    def until_done(self, attempt: Callable[[], Result]) -> Result:
        """Repeat an attempt that raises TryAgain. Raises StorageError in the end."""
        deadline = time.monotonic() + self.give_up
        pause = self.first
        while True:
            try:
                return attempt()
            except TryAgain as failure:
                asked = max(pause, failure.after)
                if time.monotonic() + asked > deadline:
                    raise StorageError(f"{failure} (tried for {self.give_up:.0f} seconds)") from failure
                time.sleep(asked)
                pause = min(pause * 2, self.longest)


class Store:
    """Requests below one prefix over one kept connection; used by one thread."""

    def __init__(self, prefix: Prefix, retry: Retry | None = None) -> None:
        parts = urlsplit(prefix.url_prefix)
        self._address = f"{parts.scheme}://{parts.netloc}"
        self._path = parts.path
        self._query = prefix.query
        self._retry = retry or Retry()
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(str(parts.hostname), parts.port, timeout=_SOCKET_SECONDS)

    def put(self, path: str, body: memoryview, md5: str, headers: dict[str, str] | None = None) -> None:
        """Store an object until the store confirms its MD5. Raises StorageError, StorageRefused."""
        sent = {**(headers or {}), "Content-Length": str(len(body)), "ETag": md5}

        def attempt() -> None:
            response = self._request("PUT", path, body, sent)
            response.read()
            if _etag(response) != md5:
                raise TryAgain(f"the object store holds something else than was sent for {path}")

        self._retry.until_done(self._guarded(attempt, path))

    def get(self, path: str) -> bytes:
        """A small object, whole, as its MD5 says. Raises StorageError, StorageRefused, DamagedBackup."""

        def attempt() -> bytes:
            response = self._request("GET", path)
            body = response.read()
            if hashlib.md5(body, usedforsecurity=False).hexdigest() != _etag(response):
                raise DamagedBackup(f"{path} is not what was stored (MD5 differs): use another backup")
            return body

        return self._retry.until_done(self._guarded(attempt, path))

    def get_into(self, path: str, buffer: memoryview) -> None:
        """Fill a buffer with an object of just that size, going on after a break where it happened."""
        done = 0

        def attempt() -> None:
            nonlocal done
            response = self._request("GET", path, None, {"Range": f"bytes={done}-"} if done else {})
            if done and response.status != http.client.PARTIAL_CONTENT:
                done = 0
            while count := response.readinto(buffer[done:]) if done < len(buffer) else 0:
                done += count
            if done < len(buffer) or response.read(1):
                raise TryAgain(f"the object store ended {path} at {done} of {len(buffer)} bytes")

        self._retry.until_done(self._guarded(attempt, path))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _request(
        self, method: str, path: str, body: memoryview | None = None, headers: dict[str, str] | None = None
    ) -> http.client.HTTPResponse:
        self._connection.request(method, f"{self._path}{quote(path)}?{self._query}", body, headers or {})
        response = self._connection.getresponse()
        if response.status >= http.client.INTERNAL_SERVER_ERROR or response.status in _RETRIED:
            raise TryAgain(f"the object store answered {response.status} to {method} {path}", _retry_after(response))
        if response.status >= http.client.MULTIPLE_CHOICES:
            reason = _REASONS.get(response.status, "the address given for this job is over or wrong")
            raise StorageRefused(
                f"the object store at {self._address} refused {method} {path} with {response.status}: {reason}"
            )
        return response

    def _guarded(self, attempt: Callable[[], Result], path: str) -> Callable[[], Result]:
        """An attempt whose network errors become TryAgain, and which leaves no half-used connection behind."""

        def guarded() -> Result:
            with contextlib.ExitStack() as on_failure:
                on_failure.callback(self._connection.close)
                try:
                    result = attempt()
                except (OSError, http.client.HTTPException) as error:
                    reason = f"{type(error).__name__} {error.strerror or ''}" if isinstance(error, OSError) else ""
                    raise TryAgain(
                        f"the object store at {self._address} cannot be reached for {path}: {reason or 'broken answer'}"
                    ) from error
                on_failure.pop_all()
            return result

        return guarded


def _etag(response: http.client.HTTPResponse) -> str:
    return str(response.headers.get("ETag", "")).strip('"')


def _retry_after(response: http.client.HTTPResponse) -> float:
    """Seconds that the store asks to wait; a date, which is rare, counts as none said."""
    value = str(response.headers.get("Retry-After", ""))
    return float(value) if value.isdigit() else 0.0
