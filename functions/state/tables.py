"""The base of all tables, and the types of their columns."""

from datetime import datetime
from typing import Any, ClassVar

from pydantic import TypeAdapter
from sqlalchemy import JSON, DateTime, Dialect, String
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine

TIME: TypeEngine[datetime] = DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")
"""A time in naive UTC, to the microsecond."""
DOCUMENT = JSON(none_as_null=True)
"""A JSON document: a tenant's data, or what its reader's model describes."""
ID = String(36)
"""A UUID as text."""
NAME = String(255)
"""A name that a tenant or operator chose."""
PROJECT = String(64)
"""A project's or user's id in Keystone."""


class Typed(TypeDecorator[Any]):
    """A JSON column whose values pydantic converts to one class. A value that is changed in place is not stored."""

    impl = JSON
    cache_ok = True

    def __init__(self, kind: type[Any]) -> None:
        super().__init__(none_as_null=True)
        self.kind = kind
        self._adapter = TypeAdapter(kind)

    def process_bind_param(self, value: Any, _dialect: Dialect) -> Any:  # noqa: ANN401 - of the class
        return None if value is None else self._adapter.dump_python(value, mode="json", exclude_none=True)

    def process_result_value(self, value: Any, _dialect: Dialect) -> Any:  # noqa: ANN401 - of the class
        return None if value is None else self._adapter.validate_python(value)


class Base(DeclarativeBase):
    """Base of the tables."""

    type_annotation_map: ClassVar = {
        dict[str, Any]: DOCUMENT,
        list[str]: DOCUMENT,
        datetime: TIME,
    }
