"""Flavors: the sizes an instance can have, from the file that `flavors_file` names."""

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, PositiveInt

from functions.runtime.errors import NotFound
from functions.runtime.settings import get_settings


class Flavor(BaseModel):
    """One size; `ram` in MB, `disk` and `ephemeral` in GB."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str
    ram: PositiveInt
    vcpus: PositiveInt
    disk: int = 0
    ephemeral: int = 0


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    flavors: list[Flavor]


def flavors() -> list[Flavor]:
    """All flavors, in the file's order; the file is read once.

    Raises:
        OSError, pydantic.ValidationError: the file is not there or not as it should be.
    """
    return _read(get_settings().flavors_file)


def get(flavor_id: str) -> Flavor:
    """A flavor by its id; names are not ids. Raises NotFound."""
    for flavor in flavors():
        if flavor.id == flavor_id:
            return flavor
    raise NotFound(f"Flavor {flavor_id} cannot be found.")


@lru_cache
def _read(path: Path) -> list[Flavor]:
    import yaml

    return _File.model_validate(yaml.safe_load(path.read_text())).flavors
