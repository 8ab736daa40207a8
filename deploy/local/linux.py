"""Linux calls that Python lacks: prctl, capset, mallopt."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_SECUREBITS = 28
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_READ_SEARCH = 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_M_ARENA_MAX = -8

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(death_signal: signal.Signals) -> None:
    """Have the kernel signal this process when its parent dies. Call it after a change of user, which clears it."""
    _call("prctl", _PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)


def limit_arenas(arenas: int) -> None:
    """Limit the number of malloc's arenas, which is one per thread by default. A running process needs this call."""
    _libc.mallopt(_M_ARENA_MAX, arenas)


def keep_capabilities() -> None:
    """Keep all capabilities over a change of user, here and in every child, and make access(2) use them.

    See SECBIT_NO_SETUID_FIXUP in capabilities(7). Without it os.access in Keystone denies files that open can read.
    """
    _call("prctl", _PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)


def allow_own_proc() -> None:
    """Allow this process's user to read its /proc entries, which a change of user forbids."""
    _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)


def hold_read_search() -> None:
    """Drop all capabilities but CAP_DAC_READ_SEARCH, and pass it on to child programs (ambient).

    Raises:
        OSError: the process does not have the capability.
    """
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    mask = 1 << _CAP_DAC_READ_SEARCH
    data = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    _call("capset", header, data)
    _call("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_READ_SEARCH, 0, 0)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
