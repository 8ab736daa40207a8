"""Default settings as formulas of a flavor, in a small declarative form."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Value = bool | int | float | str
SOURCES = frozenset({"memory_mb", "cpus"})


class Constant(BaseModel):
    """A setting that is the same for every flavor."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    value: Value

    def evaluate(self, known: dict[str, float]) -> Value:
        """The value."""
        return self.value


class Formula(BaseModel):
    """times * `of` [/ `per`], not below `min`, not above `max`, rounded down; with a unit a text (`128MB`).

    `of` and `per` are memory_mb, cpus or a setting that stands before this one (its number, without its unit).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    of: str
    times: Annotated[float, Field(gt=0)] = 1.0
    per: str | None = None
    min: int | None = None
    max: int | None = None
    unit: Literal["", "kB", "MB", "GB", "ms", "s"] = ""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self

    def number(self, known: dict[str, float]) -> int:
        """The value without its unit."""
        number = int(self.times * known[self.of] / (known[self.per] if self.per else 1))
        if self.max is not None:
            number = min(number, self.max)
        return number if self.min is None else max(number, self.min)

    def evaluate(self, known: dict[str, float]) -> Value:
        """The value; its number is added to what later settings may use."""
        number = self.number(known)
        return f"{number}{self.unit}" if self.unit else number


Setting = Constant | Formula


def unknown_sources(settings: dict[str, Setting]) -> list[str]:
    """What is wrong with the sources of settings, in words."""
    known, wrong = set(SOURCES), []
    for name, setting in settings.items():
        if isinstance(setting, Formula):
            used = [source for source in (setting.of, setting.per) if source]
            wrong += [f"settings.{name}: '{source}' is no source" for source in used if source not in known]
            known.add(name)
    return wrong


def evaluate(settings: dict[str, Setting], memory_mb: int, cpus: int) -> dict[str, Value]:
    """All settings for a flavor; memory in MB."""
    known: dict[str, float] = {"memory_mb": memory_mb, "cpus": cpus}
    values: dict[str, Value] = {}
    for name, setting in settings.items():
        values[name] = setting.evaluate(known)
        if isinstance(setting, Formula):
            known[name] = setting.number(known)
    return values
