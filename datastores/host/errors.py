"""Errors that leave a host.

HostError
├── BadRequest           the request is malformed or names something that does not exist here
├── Fenced               the request belongs to an older operation than one already seen
├── StaleEpoch           the request carries an older epoch of the group than one already seen
├── Conflict             the job id is taken by a job with another specification
├── Unsupported          the datastore does not have this capability
├── NotRunning           the database has to run for this, and does not
├── EngineError          the database refused or failed
│   ├── DiskFull         the volume has no space left
│   ├── SettingsRefused  the database runs, but not with the settings it was to have
│   ├── ParentUnusable   no incremental backup can be built on the parent
│   └── ProgramFailed    a program ended with a non-zero exit code
├── StorageError         the object store cannot be reached or keeps failing (retryable)
│   ├── StorageRefused   the object store does not accept the address any more
│   └── DamagedBackup    what was read is not what was stored
├── JobCancelled         somebody asked the job to end
└── TimeLimit            the job did not finish in time
"""

from __future__ import annotations

import errno
import re

from datastores.protocol.requests import Failure

_PATH = re.compile(r"(?<![\w/:.~])/(?:[\w.@+-]+/)+([\w.@+-]*)")
_MESSAGE_LENGTH = 1000
_BEGINNING = 200


class HostError(Exception):
    """Base of all; `type` is what the control side sees."""

    type = "host_error"
    retryable = False

    def failure(self) -> Failure:
        """The error as it travels in a reply: tenants read it, whom the host's directories and a log do not help."""
        message = _PATH.sub(r"\1", str(self))
        if len(message) > _MESSAGE_LENGTH:
            message = f"{message[:_BEGINNING]} ... {message[_BEGINNING - _MESSAGE_LENGTH :]}"
        return Failure(self.type, message, self.retryable)


class BadRequest(HostError):
    """The request is malformed or names something that does not exist here."""

    type = "bad_request"


class Fenced(HostError):
    """The request belongs to an older operation than one already seen."""

    type = "fenced"


class StaleEpoch(HostError):
    """The request carries an older epoch of the group than one already seen."""

    type = "stale_epoch"


class Conflict(HostError):
    """The job id is taken by a job with another specification."""

    type = "conflict"


class Unsupported(HostError):
    """The datastore does not have this capability."""

    type = "unsupported"


class NotRunning(HostError):
    """The database has to run for this, and does not."""

    type = "not_running"


class EngineError(HostError):
    """The database refused or failed."""

    type = "engine_error"


class DiskFull(EngineError):
    """The volume has no space left."""

    type = "disk_full"


class SettingsRefused(EngineError):
    """The database did not start with new settings and runs with those before."""

    type = "settings_refused"


class ParentUnusable(EngineError):
    """No incremental backup can be built on the parent; a full one can be made."""

    type = "parent_unusable"


class ProgramFailed(EngineError):
    """A program ended with a non-zero exit code."""

    type = "program_failed"


class StorageError(HostError):
    """The object store cannot be reached or keeps failing."""

    type = "storage_error"
    retryable = True


class StorageRefused(StorageError):
    """The object store does not accept the address (any more)."""

    type = "storage_refused"
    retryable = False


class DamagedBackup(StorageError):
    """What was read is not what was stored."""

    type = "damaged_backup"
    retryable = False


class JobCancelled(HostError):
    """Somebody asked the job to end."""

    type = "cancelled"


class TimeLimit(HostError):
    """The job did not finish in time."""

    type = "timeout"


def from_os_error(error: OSError) -> HostError:
    """What an error of the operating system means to the instance's owner."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(f"the instance's volume is full ({error}): use a larger volume")
    return EngineError(f"the host's operating system refused: {error}")
