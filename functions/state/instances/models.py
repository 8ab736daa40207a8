"""Instances."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import ForeignKey, Index, String, and_
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from functions.base.clock import now
from functions.base.ids import new_id
from functions.base.statuses import HostPhase, InstanceStatus
from functions.state.hosts.models import Host
from functions.state.instances.observation import Observation
from functions.state.instances.spec import Access, InstanceSpec, TlsChoice
from functions.state.tables import ID, NAME, Base, Typed


class Fault(BaseModel):
    """What was wrong with an instance at the time `created`."""

    message: str
    created: str
    """ISO time."""
    details: str


class Instance(Base):
    """A tenant's database server. The row stays after the deletion, with `deleted_at` set."""

    __tablename__ = "instances"
    __table_args__ = (
        Index("ix_instances_project", "project_id", "deleted_at", "id"),
        Index("ix_instances_configuration", "configuration_id"),
        Index("ix_instances_existing", "deleted_at", "status"),
        Index("ix_instances_group", "group_id"),
        Index("ix_instances_probe", "deleted_at", "probe_due"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(NAME)
    datastore_version_id: Mapped[str] = mapped_column(ID)
    flavor_id: Mapped[str] = mapped_column(NAME)
    flavor_name: Mapped[str] = mapped_column(NAME)
    memory_mb: Mapped[int]
    cpus: Mapped[int]
    volume_size: Mapped[int]
    """GB."""
    region: Mapped[str] = mapped_column(NAME)
    access: Mapped[Access] = mapped_column(Typed(Access), default=Access)
    generation: Mapped[int] = mapped_column(default=1)
    """Counts the changes of the spec."""
    host: Mapped[Host | None] = relationship(
        primaryjoin=lambda: and_(Host.instance_id == Instance.id, Host.phase == HostPhase.SERVING),
        uselist=False, viewonly=True, lazy="joined",
    )  # fmt: skip
    """The host that serves the instance; None before it was built and after its deletion."""
    group_id: Mapped[str | None] = mapped_column(ForeignKey("groups.id"))
    role: Mapped[str | None] = mapped_column(String(32))
    """The role in the group: "primary", "replica" or "member"."""
    observation: Mapped[Observation | None] = mapped_column(Typed(Observation))
    """What the health probe found last of a member of a group."""
    astray_since: Mapped[datetime | None]
    """Since when the health probe has found that a replica does not follow its primary; None: it follows, or is not
    known not to."""
    status: Mapped[str] = mapped_column(String(32), default=InstanceStatus.BUILD)
    operating_status: Mapped[str] = mapped_column(String(32), default="")
    service_status_updated: Mapped[datetime | None]
    """When `operating_status` changed last; None: never since `created`."""
    probe_due: Mapped[datetime] = mapped_column(default=now)
    """When the health probe asks the database next."""
    silences: Mapped[int] = mapped_column(default=0)
    """Health probes in a row that the host did not answer."""
    fault: Mapped[Fault | None] = mapped_column(Typed(Fault))
    configuration_id: Mapped[str | None] = mapped_column(ForeignKey("configurations.id"))
    """The configuration group that is attached, or being attached."""
    configuration_revision: Mapped[int] = mapped_column(default=0)
    """The group's revision that was last sent to the instance, whether its engine accepted it or not."""
    configuration_values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The group's values in force, which override the defaults of the flavor."""
    enabled_logs: Mapped[list[str]] = mapped_column(default=list)
    """The logs of type USER that the engine must write."""
    tls: Mapped[TlsChoice | None] = mapped_column(Typed(TlsChoice))
    """The tenant's choice of TLS; None: the service's own certificate."""
    tls_before: Mapped[TlsChoice | None] = mapped_column(Typed(TlsChoice))
    """The choice before, for going back."""
    deletion_protection: Mapped[bool] = mapped_column(default=False)
    """Whether deleting the instance is refused."""
    tags: Mapped[list[str]] = mapped_column(default=list)
    """The tenant's tags of the instance."""
    created: Mapped[datetime] = mapped_column(default=now)
    updated: Mapped[datetime] = mapped_column(default=now, onupdate=now)
    deleted_at: Mapped[datetime | None]

    @property
    def spec(self) -> InstanceSpec:
        """The spec that was asked for last; during a change already the new one."""
        return InstanceSpec(**{name: getattr(self, name) for name in InstanceSpec.model_fields})

    @spec.setter
    def spec(self, spec: InstanceSpec) -> None:
        if spec != self.spec:
            self.generation += 1
        for name in InstanceSpec.model_fields:
            setattr(self, name, getattr(spec, name))

    @validates("operating_status")
    def _date_status(self, _key: str, status: str) -> str:
        if status != (self.operating_status or ""):
            self.service_status_updated = now()
        return status
