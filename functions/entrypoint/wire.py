"""Base of the generated models."""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """A JSON object of the API. Validators are built at first use: a process needs few of them."""

    model_config = ConfigDict(defer_build=True)
