"""An engine: one version of a datastore on this host, and the modules that drive it.

A datastore's package `engine` has one module for each role that it plays (`datastores.host.roles`); a module that it
lacks is taken from the package of its family. A module is imported when it is asked for, so a short call loads only
what it needs.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from datastores.host.errors import BadRequest
from datastores.host.facts import Facts
from datastores.host.names import NameRules, rules
from datastores.host.node import Node

Definition = dict[str, Any]
"""A datastore.yaml, or a part of it."""


@dataclass(frozen=True)
class Version:
    """A release of a datastore, from its datastore.yaml.

    `programs` is the directory of its programs on this host, `libraries` the directories of the shared libraries that
    came with them. `extensions` are what a tenant may add to a database without the rights of a superuser. `earlier`
    are the other releases whose data it takes over. `accounts_replicate` tells whether users of a primary become users
    of its replicas by themselves.
    """

    name: str
    number: str
    programs: Path
    ports: tuple[int, ...]
    package: str
    names: NameRules
    libraries: tuple[Path, ...] = ()
    extensions: tuple[str, ...] = ()
    accounts_replicate: bool = True
    earlier: tuple[Version, ...] = ()


@dataclass(frozen=True)
class Engine:
    """A version of a datastore on this host. `family` is another datastore whose modules it shares."""

    datastore: str
    family: str | None
    facts: Facts
    version: Version

    @cached_property
    def node(self) -> Node:
        """The server as the datastore's roles see it: the `Node` of its module `node`, else one with no more than what
        every server has."""
        kind: type[Node] = getattr(self.module("node"), "Node", Node)
        return kind(self)

    def module(self, name: str) -> ModuleType | None:
        """A module of the datastore's package `engine`, else of its family's; None when neither has it."""
        for datastore in (self.datastore, self.family):
            path = f"datastores.{datastore}.engine.{name}"
            try:
                return importlib.import_module(path) if datastore else None
            except ModuleNotFoundError as error:
                if error.name != path:
                    raise
        return None


def load(datastore: str, version: str, facts: Facts, definition: Definition) -> Engine:
    """The engine of a datastore's version on this host; `definition` is its datastore.yaml.

    Raises BadRequest for a version this substrate does not have.
    """
    documents = {item["name"]: item for item in definition["versions"]}
    if version not in documents:
        raise BadRequest(f"{datastore} has no version '{version}'")
    if facts.substrate not in documents[version]["substrates"]:
        raise BadRequest(f"{datastore} {version} is not available on hosts of substrate '{facts.substrate}'")
    earlier = [documents[name] for name in documents[version].get("upgrades_from", ())]
    release = _release(facts, definition, documents[version])
    here = [_release(facts, definition, other) for other in earlier if facts.substrate in other["substrates"]]
    return Engine(datastore, definition.get("family"), facts, replace(release, earlier=tuple(here)))


def _release(facts: Facts, definition: Definition, document: Definition) -> Version:
    substrate = document["substrates"][facts.substrate]
    tree = Path(facts.software.get("engines", "/"), f"{definition['name']}-{document['name']}")
    try:
        programs = Path(substrate["programs"].format(debian=tree, **facts.software))
    except KeyError as error:
        raise BadRequest(f"the host's facts do not say where software {error} is") from None
    return Version(
        document["name"],
        document["number"],
        programs,
        tuple(definition["ports"]),
        substrate["package"],
        rules(definition.get("names", {})),
        tuple(sorted(tree.glob("usr/lib/*-linux-gnu"))) if "debian" in substrate else (),
        tuple(document.get("extensions", ())),
        bool(definition.get("accounts_replicate", True)),
    )
