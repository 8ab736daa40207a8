"""What tells one product of Redis' family from another; the module `product` of each has its `PRODUCT`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """A product: its name for people, its server's program, and the field of INFO that has its version."""

    title: str
    program: str
    version_field: str
