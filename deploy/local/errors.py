"""Errors of the embedded cloud. Each message says what to do.

LocalError
├── StateError      the state directory cannot be used (version, owner, disk, path)
├── AddressError    no loopback network is free, or its ports are taken
├── PrivilegeError  root started the cloud, and the unprivileged user cannot run it
└── StartError      a part of the cloud did not start or stop
"""


class LocalError(Exception):
    """Base of the errors of the embedded cloud. trovectl prints the message."""


class StateError(LocalError):
    """The state directory cannot be used."""


class AddressError(LocalError):
    """No loopback network is free, or a port is taken."""


class PrivilegeError(LocalError):
    """The cloud cannot run as the unprivileged user."""


class StartError(LocalError):
    """A part of the cloud did not become ready, or did not end."""
