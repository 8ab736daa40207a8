"""Data of an earlier major version made this one's, by pg_upgrade ("pg_upgrade" in the manual).

pg_upgrade copies, so that the earlier data stays as it was; the volume must have as much free as the data takes. The
way back is the engine of the earlier version: its `convert` puts that data in its place again, as long as `upgrades`
says that this can be.
"""

from __future__ import annotations

import os
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

from datastores.host import files
from datastores.host.engine import Version
from datastores.host.errors import BadRequest, DiskFull, EngineError, ProgramFailed
from datastores.host.process import server_of
from datastores.host.roles import conversion
from datastores.postgresql.engine import extensions, upgrades
from datastores.postgresql.engine.node import SUPERUSER, Node
from datastores.postgresql.engine.upgrades import before, number

_IN_DIRECTORY = 'cd "$1" && shift && exec "$@" >&2'
_REASON_BYTES = 1000
_GIB = 2**30
_PREPARED = "SELECT quote_literal(gid) FROM pg_prepared_xacts ORDER BY 1;"
_EXTENSIONS = "SELECT extname FROM pg_extension;"
_UNREACHABLE = """
SELECT quote_ident(datname) FROM pg_database
 WHERE (NOT datallowconn OR datconnlimit = -2) AND datname <> 'template0' ORDER BY 1;
"""


class Conversion(conversion.Conversion):
    """Conversion of data by pg_upgrade, which copies it."""

    node: Node

    def require_convertible(self) -> None:
        version, found = self.node.version, number(self.node.data)
        if found == version.number:
            return
        node = Node(replace(self.node.engine, version=replace(version, number=found)))
        for name in node.connectable():
            if lacking := extensions.missing(version, set(node.psql(_EXTENSIONS, name).splitlines())):
                raise EngineError(
                    f"PostgreSQL {version.name} has no extension {', '.join(sorted(lacking))} here, which database"
                    f" '{name}' uses: drop it there first"
                )
        if prepared := node.psql(_PREPARED).splitlines():
            raise EngineError(
                f"prepared transactions cannot be taken over: COMMIT or ROLLBACK PREPARED {', '.join(prepared)} first"
            )
        if closed := node.psql(_UNREACHABLE).splitlines():
            raise EngineError(
                f"databases that admit no connections cannot be taken over: drop or open {', '.join(closed)} first"
            )

    def convert(self) -> None:
        """Make the data this version's; the server is stopped.

        Raises EngineError when pg_upgrade refuses, DiskFull when there is no room; then the data is what it was.
        """
        node, earlier = self.node, before(self.node)
        _end_orphan(node)
        if not node.data.exists():
            (earlier if number(earlier) == str(node.major) else node.staging).rename(node.data)
        found = number(node.data)
        if found == str(node.major):
            files.remove_tree(node.staging)
        elif earlier.exists() and number(earlier) == str(node.major):
            _exchange(node, node.staging, earlier)
            files.remove_tree(node.staging)
        else:
            source = next((other for other in node.version.earlier if other.number == found), None)
            if source is None:
                raise EngineError(f"the data is PostgreSQL {found}'s, which {node.major} does not take over")
            _upgrade(node, source)
            _exchange(node, earlier, node.staging)

    def converted(self) -> bool:
        return upgrades.proven(self.node)


def _upgrade(node: Node, source: Version) -> None:
    if not (source.programs / "postgres").exists():
        raise BadRequest(
            f"PostgreSQL {source.name} is not on this host (no {source.programs / 'postgres'}): taking over its data"
            f" needs {source.package} beside this version's programs"
        )
    _require_room(node)
    libraries = ":".join(str(path) for path in [*source.libraries, *node.version.libraries])
    environment = {"LD_LIBRARY_PATH": libraries} if libraries else {}
    (node.data / "postmaster.pid").unlink(missing_ok=True)
    # A server that was killed recovers first: pg_upgrade wants data that was shut down.
    node.programs.run([source.programs / "postgres", "--single", "-D", node.data, "template1"], "", environment)
    node.initdb()
    _run_pg_upgrade(node, source, environment)


def _run_pg_upgrade(node: Node, source: Version, environment: dict[str, str]) -> None:
    """Run it in a directory of its own, where it leaves a script; its reasons are on its stdout."""
    access = " ".join(
        f"-c {name}_file={shlex.quote(str(node.facts.conf / f'pg_{name}.conf'))}" for name in ("hba", "ident")
    )
    with node.temporary("upgrade") as directory:
        command: list[str | Path] = [
            "sh", "-c", _IN_DIRECTORY, "sh", directory, node.bin / "pg_upgrade", "-U", SUPERUSER,
            "-b", source.programs, "-B", node.bin, "-d", node.data, "-D", node.staging,
            "-s", node.facts.run, "-O", access, "-j", str(node.facts.cpus),
        ]  # fmt: skip
        try:
            node.programs.run(command, environment=environment)
        except ProgramFailed as error:
            reasons = _reasons(node) or str(error)
            raise EngineError(f"pg_upgrade cannot take over the data: {reasons}") from error


def _reasons(node: Node) -> str:
    """What pg_upgrade's checks list, and the errors of the programs that it ran."""
    left = node.staging / "pg_upgrade_output.d"
    lists = [
        f"{path.stem.replace('_', ' ')}: {path.read_text(errors='replace')[:_REASON_BYTES].strip()}"
        for path in sorted(left.glob("*/*.txt"))
    ]
    logs = [line for path in sorted(left.glob("*/log/*.log")) for line in path.read_text(errors="replace").splitlines()]
    return "\n".join([*lists, *(line for line in logs if "error:" in line)])[:_REASON_BYTES]


def _require_room(node: Node) -> None:
    """Raises DiskFull when the volume does not have room for a copy of the data."""
    needed = sum(
        os.lstat(Path(directory, name)).st_blocks * 512 for directory, _, names in os.walk(node.data) for name in names
    )
    free = shutil.disk_usage(node.facts.data).free
    if free < needed:
        raise DiskFull(
            f"the upgrade makes a copy of the data, for which the volume needs {needed / _GIB:.1f} GB free and has"
            f" {free / _GIB:.1f}: make the volume larger first"
        )


def _exchange(node: Node, aside: Path, new: Path) -> None:
    """Put the data aside and `new` in its place. Between the two renames there is none: `convert` knows why."""
    node.data.rename(aside)
    new.rename(node.data)


def _end_orphan(node: Node) -> None:
    """End a server that a killed pg_upgrade left on what it was making."""
    if server_of(node.staging / "postmaster.pid", node.staging) is not None:
        node.programs.run([node.bin / "pg_ctl", "-D", node.staging, "-m", "immediate", "-w", "-s", "stop"])
