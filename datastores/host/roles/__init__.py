"""The roles of an engine: what a datastore can do, an interface and a module each.

The module `datastores.<name>.engine.<role>` has a class for each interface of `datastores.host.roles.<role>` that the
datastore implements, by the same name. A capability is a class that is there: without it requests are answered with
Unsupported, and nothing else has to know of it.

Each method of a role may be called again after a crash in the middle of it, and then has the same effect as once.
"""
