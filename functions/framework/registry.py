"""The steps by name. A step is imported when it is called, only with its noun's module, for a fast cold start."""

import importlib
import pkgutil
from functools import cache
from typing import Any

from functions.base.errors import StepInvalid
from functions.framework.step import Step

PACKAGE = "functions.steps"
"""The package of all steps."""
GROUPS = ("control", "hosts")
"""The folders of PACKAGE: the function groups, each with its own credentials."""


def find(name: str) -> Step[Any, Any]:
    """Return the step `noun.verb` from the module `functions.steps.<group>.<noun>`.

    Raises:
        StepInvalid: there is no such step.
    """
    noun = name.partition(".")[0]
    if name not in Step.registered and noun in nouns():
        _import(noun)
    if name not in Step.registered:
        raise StepInvalid(f"no step {name!r}; the nouns are: {', '.join(sorted(nouns()))}")
    return Step.registered[name]


@cache
def nouns() -> dict[str, str]:
    """Return the function group (folder) of each noun."""
    packages = {group: importlib.import_module(f"{PACKAGE}.{group}") for group in GROUPS}
    return {
        module.name: group for group, package in packages.items() for module in pkgutil.iter_modules(package.__path__)
    }


def all_steps() -> dict[str, Step[Any, Any]]:
    """Import all modules of steps and return every step by name, for the linter and tests."""
    for noun in nouns():
        _import(noun)
    return dict(Step.registered)


def _import(noun: str) -> None:
    importlib.import_module(f"{PACKAGE}.{nouns()[noun]}.{noun}")
