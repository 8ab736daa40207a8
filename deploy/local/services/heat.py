"""Heat: schema, engine and API, in one process."""

import os
import sys
from importlib.metadata import version
from pathlib import Path

from deploy.local import patches, postgres, recovery
from deploy.local.addresses import PORTS
from deploy.local.credentials import HEAT_DOMAIN, HEAT_DOMAIN_ADMIN, REGION
from deploy.local.services.context import Context, Sections, log_section
from deploy.local.services.wsgi import serve

PLUGINS = Path(__file__).parent.parent / "heat_plugins"
_SHARE = Path(sys.prefix) / "etc" / "heat"
"""Directory of the data files of openstack-heat's wheel."""


def run(context: Context) -> None:
    """Serve the orchestration API; never returns."""
    os.environ["TROVE_LOCAL_STATE"] = str(context.state.path)
    patches.wake_in_process_rpc()
    config = context.write_config("heat", _sections(context))
    sys.argv = ["heat"]
    import oslo_i18n
    from heat.common import config as heat_config
    from heat.common import messaging
    from oslo_config import cfg
    from oslo_log import log

    oslo_i18n.enable_lazy()
    log.register_options(cfg.CONF)
    cfg.CONF(
        args=[], project="heat", prog="heat", version=version("openstack-heat"), default_config_files=[str(config)]
    )
    log.setup(cfg.CONF, "heat")
    heat_config.set_config_defaults()
    _make_schema(postgres.marker(context.state, "heat"))
    recovery.record_stuck_stacks(context.state)
    messaging.setup()
    cfg.CONF.import_opt("auth_encryption_key", "heat.common.crypt")
    heat_config.startup_sanity_check()
    _start_engine(cfg.CONF.host)
    serve(heat_config.load_paste_app("heat-api"), context.addresses.control, PORTS["heat"])


def _sections(context: Context) -> Sections:
    trustee = context.auth_section("heat")
    return {
        "DEFAULT": {
            **log_section(),
            "transport_url": "fake://",
            "host": "embedded",
            "executor_thread_pool_size": 32,
            "auth_encryption_key": context.passwords.heat_encryption_key,
            "encrypt_parameters_and_properties": True,
            "stack_user_domain_name": HEAT_DOMAIN,
            "stack_domain_admin": HEAT_DOMAIN_ADMIN,
            "stack_domain_admin_password": context.passwords.users[HEAT_DOMAIN_ADMIN],
            "heat_stack_user_role": "heat_stack_user",
            "region_name_for_services": REGION,
            "environment_dir": str(_SHARE / "environment.d"),
            "template_dir": str(_SHARE / "templates"),
            "plugin_dirs": str(PLUGINS),
            "max_stacks_per_tenant": -1,
            "engine_life_check_timeout": 1,
            "num_engine_workers": 1,
        },
        "paste_deploy": {"api_paste_config": str(_SHARE / "api-paste.ini")},
        "database": context.database_section("heat"),
        "keystone_authtoken": context.authtoken_section("heat"),
        "trustee": {
            name: trustee[name] for name in ("auth_type", "auth_url", "username", "password", "user_domain_name")
        },
        "clients_keystone": {"auth_uri": context.addresses.url("keystone")},
    }


def _make_schema(marker: Path) -> None:
    expected = version("openstack-heat")
    if marker.exists() and marker.read_text() == expected:
        return
    from heat.db import migration

    migration.db_sync()
    marker.write_text(expected)


def _start_engine(host: str) -> None:
    patches.speed_up_heat()
    from heat.engine import service, template
    from heat.rpc import api

    template._get_template_extension_manager()
    service.EngineService(host, api.ENGINE_TOPIC).start()
