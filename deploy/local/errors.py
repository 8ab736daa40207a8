"""Errors of the embedded cloud. Each message says what to do.

LocalError
├── StateError      the state directory cannot be used (version, owner, disk, path)
├── AddressError    no loopback network, or its ports are taken
├── PrivilegeError  started by root, and the unprivileged user cannot run it
└── StartError      a part of the cloud did not start
"""


class LocalError(Exception):
    """The embedded cloud cannot do what was asked; the text is for the person who asked."""


class StateError(LocalError):
    """The state directory cannot be used."""


class AddressError(LocalError):
    """No address to listen on."""


class PrivilegeError(LocalError):
    """Root could not hand over to an unprivileged user."""


class StartError(LocalError):
    """A part of the cloud did not become ready."""
