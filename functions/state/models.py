"""Every table: importing this module declares them all, as foreign keys and migrations need."""

from functions.state.audit.models import AuditEvent
from functions.state.backups.models import Backup, BackupStrategy
from functions.state.configurations.models import Configuration
from functions.state.endpoints.models import Endpoint
from functions.state.groups.models import Group
from functions.state.hosts.models import Host
from functions.state.idempotency.models import IdempotencyKey
from functions.state.instances.models import Instance
from functions.state.logs.models import LogPublication
from functions.state.operations.models import Operation, OperationTarget, OperationTask, OperationTotal, Watermark
from functions.state.quotas.models import Project, QuotaLimit
from functions.state.schedules.models import Schedule
from functions.state.tls.models import TlsCertificate
from functions.state.version_choices.models import VersionChoice

TABLES = (
    AuditEvent, Backup, BackupStrategy, Configuration, Endpoint, Group, Host, IdempotencyKey, Instance,
    LogPublication, Operation, OperationTarget, OperationTask, OperationTotal, Project, QuotaLimit, Schedule,
    TlsCertificate, VersionChoice, Watermark,
)  # fmt: skip
