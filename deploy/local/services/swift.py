"""Swift: proxy, account, container and object server as green threads of one process, on one directory.

Swift's background daemons do not run. There is nothing to replicate, and expired objects stay on disk until deleted.
"""
# ruff: noqa: ANN401 - Swift has no types

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.addresses import PORTS, STORAGE_PORTS
from deploy.local.services.context import Context, Sections

_PARTITION_POWER = 4
_DEVICE = "disk"
_MODULE = __name__


def run(context: Context) -> None:
    """Serve the object store; never returns."""
    os.environ["EVENTLET_NO_GREENDNS"] = "yes"
    from swift.common import storage_policy, utils

    utils.monkey_patch()
    directory = context.state.secrets("swift")
    configs = _write_configs(context)
    utils.set_swift_dir(str(directory))
    storage_policy.reload_storage_policies()
    _make_rings(context, directory)
    ports = {**STORAGE_PORTS, "proxy": PORTS["swift"]}
    servers = [_spawn(configs[name], context.addresses.control, port) for name, port in ports.items()]
    for server in servers:
        server.wait()


def log_to_stderr(_conf: Mapping[str, str], name: str, *others: Any) -> None:
    """Replace the logger's handlers, which write to syslog. Swift's option `log_custom_handlers` names it.

    Args:
        name: of the server.
        others: whether to log to the console, route, format, the logger and its adapter; only the logger is used.
    """
    logger = others[3]
    handler = logging.StreamHandler(sys.__stderr__)
    handler.setFormatter(logging.Formatter(f"%(asctime)s {name or 'swift'} %(levelname)s %(message)s"))
    logger.handlers = [handler]


def _write_configs(context: Context) -> dict[str, Path]:
    context.write_config("swift", {"swift-hash": {"swift_hash_path_suffix": context.passwords.swift_hash_suffix}})
    configs = {
        name: context.write_config("swift", _storage_sections(context, name), f"{name}-server.conf")
        for name in STORAGE_PORTS
    }
    configs["proxy"] = context.write_config("swift", _proxy_sections(context), "proxy-server.conf")
    return configs


def _defaults(context: Context) -> dict[str, str | int | bool]:
    return {
        "swift_dir": str(context.state.secrets("swift")),
        "devices": str(context.state.data / "swift"),
        "mount_check": False,
        "disable_fallocate": True,
        "fallocate_reserve": 0,
        "log_level": "WARNING",
        "log_custom_handlers": f"{_MODULE}.log_to_stderr",
    }


def _storage_sections(context: Context, name: str) -> Sections:
    return {"DEFAULT": _defaults(context), "app:main": {"use": f"egg:swift#{name}"}}


def _proxy_sections(context: Context) -> Sections:
    tenants = "admin, swiftoperator, member"
    pipeline = (
        "catch_errors gatekeeper healthcheck cache listing_formats bulk tempurl authtoken keystoneauth copy slo dlo"
    )
    plain = ("catch_errors", "gatekeeper", "healthcheck", "listing_formats", "bulk", "copy", "slo", "dlo")
    return {
        "DEFAULT": _defaults(context),
        "pipeline:main": {"pipeline": f"{pipeline} proxy"},
        **{f"filter:{name}": {"use": f"egg:swift#{name}"} for name in plain},
        "filter:cache": {"paste.filter_factory": "deploy.local.services.swift_cache:filter_factory"},
        "filter:tempurl": {
            "use": "egg:swift#tempurl",
            "methods": "GET HEAD PUT POST DELETE",
            "allowed_digests": "sha256 sha512",
        },
        "filter:authtoken": {
            "paste.filter_factory": "keystonemiddleware.auth_token:filter_factory",
            **context.authtoken_section("swift"),
            "delay_auth_decision": True,
            "cache": "swift.cache",
        },
        "filter:keystoneauth": {
            "use": "egg:swift#keystoneauth",
            "operator_roles": tenants,
            "reseller_admin_role": "ResellerAdmin",
        },
        "app:proxy": {
            "use": "egg:swift#proxy",
            "account_autocreate": True,
            "allow_account_management": True,
        },
    }


def _make_rings(context: Context, directory: Path) -> None:
    from swift.common.ring import RingBuilder

    (context.state.data / "swift" / _DEVICE).mkdir(parents=True, exist_ok=True)
    for name, port in STORAGE_PORTS.items():
        path = directory / f"{name}.ring.gz"
        if path.exists():
            continue
        builder = RingBuilder(_PARTITION_POWER, 1, 1)
        place = {"id": 0, "region": 1, "zone": 1, "weight": 1.0, "device": _DEVICE}
        builder.add_dev({**place, "ip": context.addresses.control, "port": port})
        builder.rebalance()
        partial = directory / f"{name}.partial"
        builder.get_ring().save(str(partial))
        partial.replace(path)


def _spawn(config: Path, address: str, port: int) -> Any:
    import eventlet  # type: ignore[import-untyped]
    import eventlet.wsgi  # type: ignore[import-untyped]
    from swift.common import constraints, utils, wsgi

    application = wsgi.loadapp(str(config), global_conf={"log_name": config.stem})
    socket = eventlet.listen((address, port), backlog=512)
    return eventlet.spawn(
        eventlet.wsgi.server,
        socket,
        application,
        utils.NullLogger(),
        protocol=wsgi.SwiftHttpProtocol,
        socket_timeout=60.0,
        capitalize_response_headers=False,
        url_length_limit=constraints.MAX_REQUEST_LINE,
    )
