"""The @step decorator: declares a function that workflows call, with its models and when it may run."""

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict

from functions.runtime.token import Audience

In = TypeVar("In", bound=BaseModel)
Out = TypeVar("Out", bound=BaseModel)

STEP_SECONDS = 25.0
"""Longest a step may take; DESIGN asks for less than 30 s."""
READ_SECONDS = 10.0
"""Longest a step of audience "read" may take: somebody waits for it."""


class StepInput(BaseModel):
    """Base of what steps take: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StepResult(BaseModel):
    """Base of what steps give back; `done: false` asks the workflow to call again."""

    model_config = ConfigDict(frozen=True)
    done: bool = True


class Nothing(StepInput):
    """A step that needs no input beyond its operation."""


@dataclass(frozen=True)
class StepContext:
    """What a step knows besides its input: what its token was issued for and the time it has left."""

    subject: str
    deadline: float = field(default_factory=lambda: time.monotonic() + STEP_SECONDS)
    again: bool = False
    """Whether the call before answered that the step is not done yet."""

    @property
    def operation_id(self) -> str:
        """The operation that the step works for."""
        return self.subject

    @property
    def instance_id(self) -> str:
        """The instance that a step of audience "read" looks at."""
        return self.subject

    @property
    def seconds_left(self) -> float:
        """Seconds until the step must have answered; never negative."""
        return max(0.0, self.deadline - time.monotonic())


@dataclass(frozen=True)
class Step(Generic[In, Out]):
    """A registered step."""

    registered: ClassVar[dict[str, "Step[Any, Any]"]] = {}

    name: str
    function: Callable[[In, StepContext], Out]
    input: type[In]
    output: type[Out]
    runs_while: frozenset[str]
    compensation: bool
    audience: Audience


def step(
    name: str,
    *,
    runs_while: frozenset[str] = frozenset({"RUNNING"}),
    compensation: bool = False,
    audience: Audience = "operation",
) -> Callable[[Callable[[In, StepContext], Out]], Callable[[In, StepContext], Out]]:
    """Register a function `(request: Model, context: StepContext) -> Model` under `noun.verb`.

    Args:
        name: the module in functions.steps, a dot, a verb.
        runs_while: states of the operation in which the step may act.
        compensation: the step undoes; it still runs once the operation is being undone, when others no longer do.
        audience: which kind of token authorises it.
    """

    def register(function: Callable[[In, StepContext], Out]) -> Callable[[In, StepContext], Out]:
        hints = get_type_hints(function)
        request = next(iter(inspect.signature(function).parameters))
        Step.registered[name] = Step(
            name, function, hints[request], hints["return"], runs_while, compensation, audience
        )
        return function

    return register
