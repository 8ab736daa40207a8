"""The local substrate: a host is a directory, a loopback address, an SSH server and the engine's processes."""
