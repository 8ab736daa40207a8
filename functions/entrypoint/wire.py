"""Base of the generated models."""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """A JSON object of the API. Its validator is built at first use, since a process needs few of the models."""

    model_config = ConfigDict(defer_build=True)
