"""Choices of administrators for datastore versions."""

from sqlalchemy.orm import Mapped, mapped_column

from functions.state.tables import ID, Base


class VersionChoice(Base):
    """An administrator's choice for a datastore version, in place of the catalog's."""

    __tablename__ = "version_choices"

    version_id: Mapped[str] = mapped_column(ID, primary_key=True)
    active: Mapped[bool]
    """Whether tenants can choose the version."""
    removed: Mapped[bool] = mapped_column(default=False)
    """Whether the version is hidden. Its row stays for the instances and backups that have it."""
    is_default: Mapped[bool] = mapped_column(default=False)
    """Whether the version is its datastore's default, in place of the catalog's."""
