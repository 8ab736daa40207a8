"""Flavors: the sizes of instances, from the file of the setting `flavors_file`."""

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, PositiveInt

from functions.base.errors import NotFound
from functions.base.settings import get_settings


class Flavor(BaseModel):
    """One size of instances; `ram` in MB, `disk` and `ephemeral` in GB."""

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
    """Return all flavors, in the order of the file, which is read once.

    Raises:
        OSError, pydantic.ValidationError: the file is missing or has another form.
    """
    return _read(get_settings().flavors_file)


def get(flavor_id: str) -> Flavor:
    """Return the flavor of that id. Raises NotFound, also for a flavor's name."""
    for flavor in flavors():
        if flavor.id == flavor_id:
            return flavor
    raise NotFound(f"Flavor {flavor_id} cannot be found.")


@lru_cache
def _read(path: Path) -> list[Flavor]:
    import yaml

    return _File.model_validate(yaml.safe_load(path.read_text())).flavors
