"""Finds a step by its name, importing only the module of its noun (cold start)."""

import importlib
import pkgutil
from typing import Any

from functions.runtime.errors import StepInvalid
from functions.runtime.step import Step

PACKAGE = "functions.steps"


def find(name: str) -> Step[Any, Any]:
    """The step `noun.verb`, from the module `functions.steps.noun`.

    Raises:
        StepInvalid: there is no such step.
    """
    noun = name.partition(".")[0]
    if name not in Step.registered and noun in nouns():
        importlib.import_module(f"{PACKAGE}.{noun}")
    if name not in Step.registered:
        raise StepInvalid(f"no step {name!r}; the nouns are: {', '.join(sorted(nouns()))}")
    return Step.registered[name]


def nouns() -> frozenset[str]:
    """The nouns that have steps: the modules of functions.steps."""
    package = importlib.import_module(PACKAGE)
    return frozenset(module.name for module in pkgutil.iter_modules(package.__path__))


def all_steps() -> dict[str, Step[Any, Any]]:
    """Every step by name; imports all modules (for the linter and tests)."""
    for noun in nouns():
        importlib.import_module(f"{PACKAGE}.{noun}")
    return dict(Step.registered)
