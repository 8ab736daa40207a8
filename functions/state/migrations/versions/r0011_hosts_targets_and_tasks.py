"""Hosts beside instances, targets and tasks of operations, groups and endpoints; flavors' names in the rows.

An operation that was under way has no secrets in the new form: the sweep settles it, and it is undone.

Revision ID: 0011
Revises: 0010
"""

from typing import Any

import sqlalchemy as sa
import yaml
from alembic import op
from sqlalchemy.dialects import mysql

from functions.base.settings import get_settings

revision = "0011"
down_revision = "0010"

TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
ID, STATUS, COUNT = sa.String(36), sa.String(32), sa.Integer()
MOVED = (
    "management_address", "management_port", "management_username", "addresses", "fence", "restart_required",
    "certificate_expires", "created", "updated",
)  # fmt: skip
"""Columns that move from an instance to its host."""
LOCKS = {
    "backup_create": "copying",
    "instance_log": "reading",
    **dict.fromkeys(
        ("database_create", "database_delete", "user_create", "user_update", "user_delete", "access_grant",
         "access_revoke", "root_enable", "root_disable"),
        "accounts",
    ),
}  # fmt: skip
"""Lock classes of operations; all others are exclusive."""
ACTIVE = ("QUEUED", "RUNNING")


def upgrade() -> None:
    _create_groups()
    hosts, targets, tasks = _create_hosts(), _create_targets(), _create_tasks()
    _extend_instances()
    op.execute(hosts.insert().from_select(["id", "instance_id", "generation", "phase", *MOVED], _hosts_of_instances()))
    op.execute(
        targets.insert().from_select(["operation_id", "resource_id", "kind", "held", "fence"], _targets("instance"))
    )
    op.execute(
        targets.insert().from_select(["operation_id", "resource_id", "kind", "held", "fence"], _targets("backup"))
    )
    _keep_specs(targets)
    op.execute(tasks.insert().from_select(["operation_id", "task", "target", "step", *_STEP], _lines()))
    _drop_what_moved()


def _create_groups() -> None:
    op.create_table(
        "groups",
        sa.Column("id", ID, primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("kind", STATUS, nullable=False),
        sa.Column("epoch", COUNT, nullable=False),
        sa.Column("primary_id", ID),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("deleted_at", TIME),
    )
    op.create_index("ix_groups_project", "groups", ["project_id", "deleted_at", "id"])


def _create_hosts() -> sa.Table:
    table = op.create_table(
        "hosts",
        sa.Column("id", ID, primary_key=True),
        sa.Column("instance_id", ID, sa.ForeignKey("instances.id"), nullable=False),
        sa.Column("generation", COUNT, nullable=False),
        sa.Column("phase", STATUS, nullable=False),
        sa.Column("management_address", sa.String(64)),
        sa.Column("management_port", COUNT),
        sa.Column("management_username", sa.String(64)),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("fence", COUNT, nullable=False),
        sa.Column("restart_required", sa.Boolean(), nullable=False),
        sa.Column("certificate_expires", TIME),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
    )
    op.create_index("ix_hosts_instance", "hosts", ["instance_id", "phase"])
    op.create_index("ix_hosts_certificate", "hosts", ["phase", "certificate_expires"])
    op.create_table(
        "endpoints",
        sa.Column("id", ID, primary_key=True),
        sa.Column("group_id", ID, sa.ForeignKey("groups.id"), nullable=False),
        sa.Column("role", STATUS, nullable=False),
        sa.Column("address", sa.String(64)),
        sa.Column("host_id", ID, sa.ForeignKey("hosts.id")),
    )
    op.create_index("ix_endpoints_group", "endpoints", ["group_id", "role"])
    return table


def _create_targets() -> sa.Table:
    return op.create_table(
        "operation_targets",
        sa.Column("operation_id", ID, sa.ForeignKey("operations.id"), primary_key=True),
        sa.Column("resource_id", ID, primary_key=True),
        sa.Column("kind", STATUS, nullable=False),
        sa.Column("held", STATUS),
        sa.Column("fence", COUNT, nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True)),
        sa.Column("after", sa.JSON(none_as_null=True)),
        sa.UniqueConstraint("resource_id", "held", name="uq_operation_targets_held"),
    )


def _create_tasks() -> sa.Table:
    return op.create_table(
        "operation_tasks",
        sa.Column("operation_id", ID, sa.ForeignKey("operations.id"), primary_key=True),
        sa.Column("task", sa.String(64), primary_key=True),
        sa.Column("target", ID, primary_key=True),
        sa.Column("step", sa.String(64), nullable=False),
        sa.Column("state", STATUS, nullable=False),
        sa.Column("attempts", COUNT, nullable=False),
        sa.Column("error", sa.JSON()),
        sa.Column("leased_until", TIME),
        sa.Column("started", TIME, nullable=False),
        sa.Column("ended", TIME),
    )


def _extend_instances() -> None:
    op.add_column("instances", sa.Column("flavor_name", sa.String(255), nullable=False, server_default=""))
    op.add_column("instances", sa.Column("generation", COUNT, nullable=False, server_default="1"))
    op.add_column("instances", sa.Column("group_id", ID))
    op.add_column("instances", sa.Column("role", STATUS))
    op.create_foreign_key("fk_instances_group", "instances", "groups", ["group_id"], ["id"])
    op.create_index("ix_instances_group", "instances", ["group_id"])
    op.execute(sa.update(_INSTANCES).values(flavor_name=_INSTANCES.c.flavor_id))
    path = get_settings().flavors_file
    for flavor in yaml.safe_load(path.read_text())["flavors"] if path.exists() else ():
        named = sa.update(_INSTANCES).where(_INSTANCES.c.flavor_id == flavor["id"])
        op.execute(named.values(flavor_name=flavor["name"]))


def _hosts_of_instances() -> sa.Select[Any]:
    """Return a host for each instance; it is RETIRED if the instance is deleted or was never built."""
    being_made = sa.exists().where(
        _OPERATIONS.c.instance_id == _INSTANCES.c.id,
        _OPERATIONS.c.type.in_(("instance_create", "instance_restore")),
        _OPERATIONS.c.state.in_(ACTIVE),
    )
    phase = sa.case(
        (_INSTANCES.c.deleted_at.is_not(None), "RETIRED"),
        (being_made, "PREPARING"),
        (_INSTANCES.c.management_address.is_(None), "RETIRED"),
        else_="SERVING",
    )
    moved = [_INSTANCES.c[name] for name in MOVED]
    return sa.select(_INSTANCES.c.host_id, _INSTANCES.c.id, sa.literal(1), phase, *moved)


def _targets(kind: str) -> sa.Select[Any]:
    """Return the targets of all operations; one that restores a backup does not hold it."""
    resource = _OPERATIONS.c[f"{kind}_id"]
    lock = sa.case(*((_OPERATIONS.c.type == name, lock) for name, lock in LOCKS.items()), else_="exclusive")
    held = sa.case((_OPERATIONS.c.state.in_(ACTIVE), lock))
    fence = _OPERATIONS.c.fence if kind == "instance" else sa.literal(0)
    chosen = sa.select(_OPERATIONS.c.id, resource, sa.literal(kind), held, fence).where(resource.is_not(None))
    return chosen if kind == "instance" else chosen.where(_OPERATIONS.c.type.like("backup%"))


def _keep_specs(targets: sa.Table) -> None:
    """Store the specs before and after the changes under way; an instance in upgrade gets the new version."""
    connection = op.get_bind()
    query = sa.select(_OPERATIONS, *(_INSTANCES.c[name] for name in _SPEC)).join(
        _INSTANCES, _INSTANCES.c.id == _OPERATIONS.c.instance_id
    )
    for row in connection.execute(query.where(_OPERATIONS.c.state.in_(ACTIVE))).mappings().all():
        old = row["request"].get("before")
        if old is None:
            continue
        after = {name: row[name] for name in _SPEC}
        if row["type"] == "instance_upgrade":
            old, after = dict(after), after | {"datastore_version_id": row["request"]["datastore_version_id"]}
            changed = sa.update(_INSTANCES).where(_INSTANCES.c.id == row["instance_id"])
            connection.execute(changed.values(datastore_version_id=after["datastore_version_id"]))
        held = sa.update(targets).where(
            targets.c.operation_id == row["id"], targets.c.resource_id == row["instance_id"]
        )
        connection.execute(held.values(before=after | old, after=after))


def _lines() -> sa.Select[Any]:
    """Return a task for each step, under the step's name, since the tasks' names were not stored."""
    steps = sa.table("operation_steps", *map(sa.column, ("operation_id", "name", *_STEP)))
    return sa.select(
        steps.c.operation_id, steps.c.name, sa.literal(""), steps.c.name, *(steps.c[name] for name in _STEP)
    )


def _drop_what_moved() -> None:
    op.drop_table("operation_steps")
    op.drop_column("operations", "fence")
    for name in ("host_id", *MOVED[:-2]):
        op.drop_column("instances", name)
    op.alter_column("instances", "flavor_name", server_default=None, existing_type=sa.String(255))
    op.alter_column("instances", "generation", server_default=None, existing_type=COUNT)


_STEP = ("state", "attempts", "error", "started", "ended")
_SPEC = (
    "datastore_version_id", "flavor_id", "flavor_name", "memory_mb", "cpus", "volume_size", "access",
    "configuration_id", "configuration_values", "enabled_logs",
)  # fmt: skip
_JSON = {"access", "configuration_values", "enabled_logs", "addresses"}
_INSTANCES = sa.table(
    "instances",
    *(
        sa.column(name, sa.JSON() if name in _JSON else sa.types.NullType())
        for name in ("id", "host_id", "deleted_at", *MOVED, *_SPEC)
    ),
)
_OPERATIONS = sa.table(
    "operations",
    *map(sa.column, ("id", "type", "state", "instance_id", "backup_id", "fence")),
    sa.column("request", sa.JSON()),
)
