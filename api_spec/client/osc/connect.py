"""openstack database instance connect, openstack database ca show: connect to a database with its own client.

If the database has TLS, the client verifies it with the certificates of the service's authority. The command line never
has a password: the client asks for it, or reads it from its environment.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from api_spec.client.errors import ClientError
from api_spec.client.osc.base import Base, add_instance
from api_spec.client.rest import Item

if TYPE_CHECKING:
    import argparse

CA_FILE = Path("~/.config/openstack/database-ca.pem")
"""File to which `connect` writes the authority's certificates, for the databases' clients."""


class ConnectInstance(Base):
    """Print the command that connects to an instance's database, or run it"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_instance(parser)
        parser.add_argument("--user", metavar="<user>", help="Database user (default: the client's own)")
        parser.add_argument("--database", metavar="<database>", help="Database (default: the client's own)")
        parser.add_argument("--ca-file", type=Path, default=CA_FILE, metavar="<path>", help=f"Default: {CA_FILE}")
        parser.add_argument("--readers", action="store_true", help="Connect to the replicas in place of the primary")
        parser.add_argument("--run", action="store_true", help="Run the command in place of printing it")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        instance = self.client.instances.find(parsed_args.instance)
        ca = _write_ca(instance, parsed_args.ca_file)
        address = address_of(instance, readers=parsed_args.readers)
        words = command_line(instance, address, parsed_args.user, parsed_args.database, ca)
        if not parsed_args.run:
            self.app.stdout.write(f"{shlex.join(words)}\n")
            return
        if shutil.which(words[0]) is None:
            raise ClientError(f"there is no program {words[0]} here: install it, or run elsewhere: {shlex.join(words)}")
        os.execvp(words[0], words)  # noqa: S606 - the person's own client


class ShowCa(Base):
    """Print the certificates of the authority that signs the certificate of an instance's database"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_instance(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        instance = self.client.instances.find(parsed_args.instance)
        if not instance.get("tls"):
            raise ClientError(f"the database of instance {instance['name']} does not serve TLS")
        self.app.stdout.write(instance["tls"]["ca_certificate"])


def address_of(instance: Item, *, readers: bool = False) -> str:
    """Return the address to connect to: that of the endpoint of a source's group, else the instance's own.

    Raises:
        ClientError: the instance has no address yet, or no endpoint for `readers`.
    """
    endpoints = {endpoint["kind"]: endpoint["addresses"] for endpoint in instance.get("endpoints", [])}
    if readers:
        if "readers" not in endpoints:
            raise ClientError(f"instance {instance['name']} has no endpoint for readers: it never had a replica")
        return str(endpoints["readers"][0]["address"])
    if "primary" in endpoints and not instance.get("replica_of"):
        return str(endpoints["primary"][0]["address"])
    if not instance.get("ip"):
        raise ClientError(f"instance {instance['name']} has no address yet: its status is {instance['status']}")
    return str(instance["ip"][0])


def command_line(instance: Item, address: str, user: str | None, database: str | None, ca: str | None) -> list[str]:
    """Return the client's command line for an instance of the API; `ca` is a file of certificates.

    Raises:
        ClientError: there is no command-line client for the instance's datastore.
    """
    kind = instance["datastore"]["type"]
    if kind not in CLIENTS:
        raise ClientError(f"there is no command-line client for {kind}: its address is {address}")
    return CLIENTS[kind](address, user, database, ca)


def _write_ca(instance: Item, file: Path) -> str | None:
    if not instance.get("tls"):
        return None
    path = file.expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(instance["tls"]["ca_certificate"])
    return str(path)


def _psql(address: str, user: str | None, database: str | None, ca: str | None) -> list[str]:
    parts = {
        "host": address,
        "user": user,
        "dbname": database,
        "sslmode": "verify-full" if ca else None,
        "sslrootcert": ca,
    }
    return ["psql", " ".join(f"{name}={_quoted(value)}" for name, value in parts.items() if value)]


def _quoted(value: str) -> str:
    """Quote a value of a libpq connection string (PostgreSQL manual, 34.1.1.1)."""
    if re.fullmatch(r"[^\s'\\]+", value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _mysql(program: str) -> Callable[[str, str | None, str | None, str | None], list[str]]:
    def words(address: str, user: str | None, database: str | None, ca: str | None) -> list[str]:
        tls = [f"--ssl-ca={ca}", "--ssl-verify-server-cert"] if ca else []
        if ca and program == "mysql":
            tls = [f"--ssl-ca={ca}", "--ssl-mode=VERIFY_IDENTITY"]
        who = [f"--user={user}"] if user else []
        return [program, f"--host={address}", *who, "--password", *tls, *([database] if database else [])]

    return words


def _redis(program: str) -> Callable[[str, str | None, str | None, str | None], list[str]]:
    def words(address: str, user: str | None, database: str | None, ca: str | None) -> list[str]:
        tls = ["--tls", "--cacert", ca] if ca else []
        return [
            program,
            "-h",
            address,
            *tls,
            *(["--user", user] if user else []),
            *(["-n", database] if database else []),
        ]

    return words


def _influx(address: str, user: str | None, database: str | None, ca: str | None) -> list[str]:
    who = ["-username", user, "-password", ""] if user else []
    return ["influx", "-host", address, *(["-ssl"] if ca else []), *who, *(["-database", database] if database else [])]


def _etcd(address: str, user: str | None, _database: str | None, ca: str | None) -> list[str]:
    scheme, tls = ("https", ["--cacert", ca]) if ca else ("http", [])
    return [
        "etcdctl",
        "--endpoints",
        f"{scheme}://{address}:2379",
        *tls,
        *(["--user", user] if user else []),
        "member",
        "list",
    ]


CLIENTS: dict[str, Callable[[str, str | None, str | None, str | None], list[str]]] = {
    "postgresql": _psql,
    "mariadb": _mysql("mariadb"),
    "mysql": _mysql("mysql"),
    "percona": _mysql("mysql"),
    "redis": _redis("redis-cli"),
    "valkey": _redis("valkey-cli"),
    "influxdb": _influx,
    "etcd": _etcd,
}
"""The function that returns the client's command line, by the datastore's name."""
