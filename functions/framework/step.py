"""The @step decorator: declares a function that workflows call, with its models and when it may run."""

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict

from functions.base.settings import get_settings
from functions.framework.token import Audience

In = TypeVar("In", bound=BaseModel)
Out = TypeVar("Out", bound=BaseModel)
Context = TypeVar("Context", bound="StepContext")

READ_SECONDS = 10.0
"""Seconds in which a step of audience "read" has to answer. The entrypoint gives up 2 seconds later."""


class StepInput(BaseModel):
    """Base of the steps' inputs. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StepResult(BaseModel):
    """Base of the steps' results. `done: false` asks the workflow to call again."""

    model_config = ConfigDict(frozen=True)
    done: bool = True


class Nothing(StepInput):
    """The input of a step that needs none."""


@dataclass(frozen=True)
class StepContext:
    """What a step gets besides its input: the subject of its token, and its deadline."""

    subject: str
    deadline: float = field(default_factory=lambda: time.monotonic() + get_settings().step_seconds)

    @property
    def operation_id(self) -> str:
        """The operation that the step works for."""
        return self.subject

    @property
    def instance_id(self) -> str:
        """The instance that a step of audience "read" reads."""
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
    function: Callable[[In, Any], Out]
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
) -> Callable[[Callable[[In, Context], Out]], Callable[[In, Context], Out]]:
    """Register a function `(request: Model, context) -> Model` under `noun.verb`.

    A step of an operation gets a `TaskContext` with the operation's rows; every other step a `StepContext`.

    Args:
        name: the module in a folder of functions.steps, a dot, a verb.
        runs_while: states of the operation in which the step may act.
        compensation: the step may run while the operation is being undone, when all others are refused.
        audience: the kind of token that authorises the step.
    """

    def register(function: Callable[[In, Context], Out]) -> Callable[[In, Context], Out]:
        hints = get_type_hints(function)
        request = next(iter(inspect.signature(function).parameters))
        Step.registered[name] = Step(
            name, function, hints[request], hints["return"], runs_while, compensation, audience
        )
        return function

    return register
