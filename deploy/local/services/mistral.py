"""Mistral: schema, engine with a local executor, cron triggers and the API, in one process."""

import sys
from importlib.metadata import version
from pathlib import Path

from deploy.local import http, patches, postgres, recovery
from deploy.local.addresses import PORTS
from deploy.local.services.context import QUIET_LIBRARIES, Context, Sections
from deploy.local.services.wsgi import serve

TALKATIVE_LOGGERS = "mistral=WARNING,workflow_trace=WARNING"
"""Levels of loggers that at INFO write workflow inputs, URLs, headers and results."""

FINISHED_EXECUTIONS_KEPT_MINUTES = 24 * 60
"""Minutes after which a finished execution is deleted."""


def run(context: Context) -> None:
    """Serve the workflow API; never returns."""
    patches.wake_in_process_rpc()
    patches.keep_loggers_in_migrations()
    config = context.write_config("mistral", _sections(context))
    sys.argv = ["mistral"]
    from mistral import config as mistral_config
    from oslo_log import log

    mistral_config.parse_args(args=["--config-file", str(config)])
    log.setup(mistral_config.CONF, "mistral")
    _make_schema(mistral_config.CONF, postgres.marker(context.state, "mistral"))
    recovery.record_stuck_executions(context.state)
    http.wait_for(context.addresses.control, PORTS["keystone"], "/v3")
    _start_engine()
    from mistral.api import app

    serve(app.setup_app(), context.addresses.control, PORTS["mistral"])


def _sections(context: Context) -> Sections:
    return {
        "DEFAULT": {
            "use_stderr": True,
            "default_log_levels": f"{QUIET_LIBRARIES},{TALKATIVE_LOGGERS}",
            "transport_url": "fake://",
            "scheduler_type": "default",
            "executor_thread_pool_size": 32,
        },
        "database": context.database_section("mistral"),
        "keystone_authtoken": context.authtoken_section("mistral"),
        "executor": {"type": "local"},
        "notifier": {"type": "local"},
        "cron_trigger": {"run_in_api": False, "execution_interval": 1},
        "scheduler": {
            "fixed_delay": 0.1,
            "pickup_job_after": 5,
            "captured_job_timeout": 10,
            "in_memory_workers": 16,
        },
        "engine": {"execution_integrity_check_delay": 5},
        "action_heartbeat": {
            "check_interval": 2,
            "max_missed_heartbeats": 3,
            "first_heartbeat_timeout": 5,
            "batch_size": 0,
        },
        "action_std_http": {"denied_cidrs": "169.254.0.0/16,fe80::/10"},
        "action_logging": {
            "hide_request_body": True,
            "hide_response_body": True,
            "sensitive_headers": "Authorization,X-Auth-Token",
        },
        "execution_expiration_policy": {
            "evaluation_interval": 10,
            "older_than": FINISHED_EXECUTIONS_KEPT_MINUTES,
            "max_finished_executions": 2000,
            "batch_size": 50,
        },
    }


def _make_schema(conf: object, marker: Path) -> None:
    expected = version("mistral")
    if marker.exists() and marker.read_text() == expected:
        return
    import mistral.db.sqlalchemy.migration
    from alembic import command
    from alembic.config import Config
    from mistral.services import action_manager, workflows

    config = Config(str(Path(mistral.db.sqlalchemy.migration.__path__[0]) / "alembic.ini"))
    config.set_main_option("script_location", "mistral.db.sqlalchemy.migration:alembic_migrations")
    config.mistral_config = conf  # type: ignore[attr-defined]
    command.upgrade(config, "head")
    action_manager.sync_db()
    workflows.sync_db()
    marker.write_text(expected)


def _start_engine() -> None:
    from mistral.engine import engine_server
    from mistral.rpc import base
    from mistral.services import periodic_server

    patches.trust_mistral_schemas()
    base.get_transport()
    engine_server.get_oslo_service().start()
    periodic_server.get_oslo_service().start()
