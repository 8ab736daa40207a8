"""Drops root's privileges: PostgreSQL refuses to run as root, and no part of the cloud needs it.

The cloud then runs as `nobody`, or as the user that TROVE_RUN_AS names. If that user cannot read the virtual
environment or the state directory (below a home directory closed to others), the process keeps the capability
CAP_DAC_READ_SEARCH.
"""

import os
import pwd
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local import linux
from deploy.local.errors import PrivilegeError

DEFAULT_USER = "nobody"


def run_as() -> pwd.struct_passwd:
    """Return the user that the cloud runs as: the present one, or for root the unprivileged one.

    Raises:
        PrivilegeError: TROVE_RUN_AS names root or an unknown user.
    """
    if os.geteuid() != 0:
        return _passwd(os.geteuid())
    name = os.environ.get("TROVE_RUN_AS", DEFAULT_USER)
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise PrivilegeError(f"there is no user {name!r}: set TROVE_RUN_AS to an existing unprivileged user") from None
    if user.pw_uid == 0:
        raise PrivilegeError("PostgreSQL does not run as root: set TROVE_RUN_AS to an unprivileged user")
    return user


def drop(paths: Sequence[Path]) -> None:
    """If root, become the unprivileged user, who must be able to read every path. Call it before any thread exists.

    Raises:
        PrivilegeError: the user cannot read a path, and the capability cannot be kept.
    """
    if os.geteuid() != 0:
        return
    user = run_as()
    if _in_child(lambda: _reaches(user, paths)):
        _become(user)
    else:
        _become_with_search(user, paths)
    linux.allow_own_proc()
    os.environ.update(USER=user.pw_name, LOGNAME=user.pw_name)


def _passwd(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return pwd.struct_passwd((str(uid), "x", uid, os.getegid(), "", "/", "/bin/sh"))


def _become(user: pwd.struct_passwd) -> None:
    os.setgroups([])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)


def _become_with_search(user: pwd.struct_passwd, paths: Sequence[Path]) -> None:
    try:
        linux.keep_capabilities()
        _become(user)
        linux.hold_read_search()
    except OSError as error:
        raise PrivilegeError(_out_of_reach(user, paths, str(error))) from error
    if missing := _unreachable(paths):
        raise PrivilegeError(_out_of_reach(user, missing, "even with CAP_DAC_READ_SEARCH"))


def _out_of_reach(user: pwd.struct_passwd, paths: Sequence[Path], reason: str) -> str:
    return (
        f"user {user.pw_name} cannot read {', '.join(map(str, paths))} ({reason}): move it to where all can read, "
        "or name another user in TROVE_RUN_AS"
    )


def _unreachable(paths: Sequence[Path]) -> list[Path]:
    return [path for path in paths if not os.access(path, os.R_OK, effective_ids=True)]


def _reaches(user: pwd.struct_passwd, paths: Sequence[Path]) -> bool:
    _become(user)
    return not _unreachable(paths)


def _in_child(question: Callable[[], bool]) -> bool:
    """Return the answer of a function that runs in a child process, where it may change the user for good."""
    pid = os.fork()
    if pid == 0:
        answer = False
        try:
            answer = question()
        finally:
            os._exit(0 if answer else 1)
    return os.waitpid(pid, 0)[1] == 0
