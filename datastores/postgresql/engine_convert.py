"""Data of an earlier major version made this one's, by pg_upgrade ("pg_upgrade" in the manual).

directory             what is in it
postgresql            the data: of this version, once the directory was exchanged
postgresql.tmp        what pg_upgrade makes; whole, when there is no `postgresql`
postgresql.before     the data of the earlier version, untouched
postgresql.replaced   the same, when there is no way back any more

pg_upgrade copies, so that the earlier data stays as it was; the volume must have as much free as the data takes. The
way back is the engine of the earlier version: its `convert` puts `before` in its place again. It is open until this
version has started on the data once, without the network: no tenant can have written what going back would lose.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from datastores.host import files
from datastores.host.engine import Version
from datastores.host.errors import BadRequest, DiskFull, EngineError, ProgramFailed
from datastores.postgresql import engine_extensions, engine_start
from datastores.postgresql.engine_cluster import SUPERUSER, Cluster

_IN_DIRECTORY = 'cd "$1" && shift && exec "$@" >&2'
_MISSING_STATISTICS_SINCE = 18
_REASON_BYTES = 1000
_GIB = 2**30
_PREPARED = "SELECT quote_literal(gid) FROM pg_prepared_xacts ORDER BY 1;"
_EXTENSIONS = "SELECT extname FROM pg_extension;"
_UNREACHABLE = """
SELECT quote_ident(datname) FROM pg_database
 WHERE (NOT datallowconn OR datconnlimit = -2) AND datname <> 'template0' ORDER BY 1;
"""


def convert(cluster: Cluster, version: Version) -> None:
    """Make the data this version's; the server is stopped.

    Raises EngineError when pg_upgrade refuses, DiskFull when there is no room; then the data is what it was.
    """
    before = _before(cluster)
    _end_orphan(cluster)
    if not cluster.data.exists():
        (before if _number(before) == str(cluster.major) else cluster.making).rename(cluster.data)
    found = _number(cluster.data)
    if found == str(cluster.major):
        files.remove_tree(cluster.making)
    elif before.exists() and _number(before) == str(cluster.major):
        _exchange(cluster, cluster.data, cluster.making, before)
        files.remove_tree(cluster.making)
    else:
        source = next((other for other in version.earlier if other.number == found), None)
        if source is None:
            raise EngineError(f"the data is PostgreSQL {found}'s, which {cluster.major} does not take over")
        _upgrade(cluster, version, source)
        _exchange(cluster, cluster.data, before, cluster.making)


def require_convertible(cluster: Cluster, version: Version) -> None:
    """See in the running earlier server that pg_upgrade to `version` will take it.

    Raises EngineError naming what is in the way.
    """
    number = _number(cluster.data)
    if number == str(cluster.major):
        return
    cluster = replace(cluster, major=int(number))
    for name in cluster.connectable():
        if lacking := engine_extensions.missing(version, set(cluster.psql(_EXTENSIONS, name).splitlines())):
            raise EngineError(
                f"PostgreSQL {version.name} has no extension {', '.join(sorted(lacking))} here, which database '{name}'"
                " uses: drop it there first"
            )
    if found := cluster.psql(_PREPARED).splitlines():
        raise EngineError(
            f"prepared transactions cannot be taken over: COMMIT or ROLLBACK PREPARED {', '.join(found)} first"
        )
    if found := cluster.psql(_UNREACHABLE).splitlines():
        raise EngineError(
            f"databases that admit no connections cannot be taken over: drop or open {', '.join(found)} first"
        )


def unproven(cluster: Cluster) -> bool:
    """Whether the data was converted, and this version has not yet shown that it can start on it."""
    return _before(cluster).exists() and _number(cluster.data) == str(cluster.major)


def proven(cluster: Cluster) -> bool:
    """Whether the data is this version's, and there is no way back to an earlier one."""
    return _number(cluster.data) == str(cluster.major) and not _before(cluster).exists()


def prove(cluster: Cluster) -> None:
    """This version has started on the data: there is no way back from here on."""
    _before(cluster).rename(_replaced(cluster))


def settle(cluster: Cluster) -> None:
    """Make the statistics that pg_upgrade does not bring, and let the earlier version's data go; the server runs."""
    if not _replaced(cluster).exists():
        return
    missing = ["--missing-stats-only"] if cluster.major >= _MISSING_STATISTICS_SINCE else []
    command: list[str | Path] = [cluster.bin / "vacuumdb", "-w", "--all", "--analyze-in-stages", *missing]
    try:
        cluster.programs.run(command, environment=cluster.connection())
    except ProgramFailed as error:  # the server makes them in time, too
        os.write(2, f"statistics were not made: {error}\n".encode())
    files.remove_tree(_replaced(cluster))


def initdb(cluster: Cluster) -> None:
    """Make data with checksums, in UTF-8 and the language-neutral locale, aside."""
    files.remove_tree(cluster.making)
    command: list[str | Path] = [
        cluster.bin / "initdb", "-D", cluster.making, "-U", SUPERUSER, "--encoding", "UTF8", "--locale", "C.UTF-8",
        "--data-checksums", "--auth-local", "peer", "--auth-host", "scram-sha-256", "--no-instructions",
    ]  # fmt: skip
    cluster.programs.run(command)


def _upgrade(cluster: Cluster, version: Version, source: Version) -> None:
    if not (source.programs / "postgres").exists():
        raise BadRequest(
            f"PostgreSQL {source.name} is not on this host (no {source.programs / 'postgres'}): taking over its data"
            f" needs {source.package} beside this version's programs"
        )
    _require_room(cluster)
    libraries = ":".join(str(path) for path in [*source.libraries, *version.libraries])
    environment = {"LD_LIBRARY_PATH": libraries} if libraries else {}
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)
    # A server that was killed recovers first: pg_upgrade wants data that was shut down.
    cluster.programs.run([source.programs / "postgres", "--single", "-D", cluster.data, "template1"], "", environment)
    initdb(cluster)
    _run_pg_upgrade(cluster, source, environment)


def _run_pg_upgrade(cluster: Cluster, source: Version, environment: dict[str, str]) -> None:
    """Run it in a directory of its own, where it leaves a script; its reasons are on its stdout."""
    access = " ".join(
        f"-c {name}_file={shlex.quote(str(cluster.facts.conf / f'pg_{name}.conf'))}" for name in ("hba", "ident")
    )
    with tempfile.TemporaryDirectory(prefix="upgrade-", dir=cluster.facts.run) as directory:
        cluster.facts.give(Path(directory))
        command: list[str | Path] = [
            "sh", "-c", _IN_DIRECTORY, "sh", directory, cluster.bin / "pg_upgrade", "-U", SUPERUSER,
            "-b", source.programs, "-B", cluster.bin, "-d", cluster.data, "-D", cluster.making,
            "-s", cluster.facts.run, "-O", access, "-j", str(cluster.facts.cpus),
        ]  # fmt: skip
        try:
            cluster.programs.run(command, environment=environment)
        except ProgramFailed as error:
            reasons = _reasons(cluster) or str(error)
            raise EngineError(f"pg_upgrade cannot take over the data: {reasons}") from error


def _reasons(cluster: Cluster) -> str:
    """What pg_upgrade's checks list, and the errors of the programs that it ran."""
    left = cluster.making / "pg_upgrade_output.d"
    lists = [
        f"{path.stem.replace('_', ' ')}: {path.read_text(errors='replace')[:_REASON_BYTES].strip()}"
        for path in sorted(left.glob("*/*.txt"))
    ]
    logs = [line for path in sorted(left.glob("*/log/*.log")) for line in path.read_text(errors="replace").splitlines()]
    return "\n".join([*lists, *(line for line in logs if "error:" in line)])[:_REASON_BYTES]


def _require_room(cluster: Cluster) -> None:
    """Raises DiskFull when the volume does not have room for a copy of the data."""
    needed = sum(
        os.lstat(Path(directory, name)).st_blocks * 512
        for directory, _, names in os.walk(cluster.data)
        for name in names
    )
    free = shutil.disk_usage(cluster.facts.data).free
    if free < needed:
        raise DiskFull(
            f"the upgrade makes a copy of the data, for which the volume needs {needed / _GIB:.1f} GB free and has"
            f" {free / _GIB:.1f}: make the volume larger first"
        )


def _exchange(cluster: Cluster, data: Path, aside: Path, new: Path) -> None:
    """Give `new` the place of the data. Between the two renames there is no data directory: `convert` knows why."""
    data.rename(aside)
    new.rename(cluster.data)


def _end_orphan(cluster: Cluster) -> None:
    """End a server that a killed pg_upgrade left on what it was making."""
    if engine_start.runs_in(cluster.making):
        cluster.programs.run([cluster.bin / "pg_ctl", "-D", cluster.making, "-m", "immediate", "-w", "-s", "stop"])


def _number(data: Path) -> str:
    """The major version whose data is in a directory; empty when there is none."""
    version = data / "PG_VERSION"
    return version.read_text().strip() if version.exists() else ""


def _before(cluster: Cluster) -> Path:
    return cluster.data.with_suffix(".before")


def _replaced(cluster: Cluster) -> Path:
    return cluster.data.with_suffix(".replaced")
