"""The few Linux calls that Python does not have: prctl, capset, mallopt."""

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
    """Let the kernel signal this process when its parent dies. Changing the user clears it: call this after."""
    _call("prctl", _PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)


def limit_arenas(arenas: int) -> None:
    """Limit malloc's arenas, of which each thread reserves one. The environment variable works at exec only."""
    _libc.mallopt(_M_ARENA_MAX, arenas)


def keep_capabilities() -> None:
    """Keep all capabilities over a change of user, and let access(2) heed them, here and in every child.

    See SECBIT_NO_SETUID_FIXUP in capabilities(7): without it Keystone's os.access says no where open says yes.
    """
    _call("prctl", _PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)


def allow_own_proc() -> None:
    """Let this process's user read its /proc entries again, which a change of user forbids."""
    _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)


def hold_read_search() -> None:
    """Hold CAP_DAC_READ_SEARCH only, and pass it on to every program started from here (ambient).

    Raises:
        OSError: the capability is not there to be held.
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
