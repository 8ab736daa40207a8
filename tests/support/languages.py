"""What the guide's pages about Java and Go need: Debian's packages, unpacked once into the user's cache."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.local.engines import packages, trees
from deploy.local.engines.packages import Apt

GO = "go-1.19"
GO_PACKAGES = ("golang-1.19-go", "golang-1.19-src", "golang-github-lib-pq-dev")
JDBC = "jdbc"
JDBC_PACKAGES = ("libpostgresql-jdbc-java",)


class Missing(Exception):
    """A language cannot be had here; the message says why."""


def go() -> dict[str, str]:
    """The environment in which `go` runs, with its directory under PATH. Raises Missing."""
    tree = _tree(GO, GO_PACKAGES)
    return {
        "PATH": str(tree / "usr" / "lib" / GO / "bin"),
        "GOROOT": str(tree / "usr" / "lib" / GO),
        "GOPATH": str(tree / "usr" / "share" / "gocode"),
        "GOCACHE": str(tree / "cache"),
        "GO111MODULE": "off",
        "CGO_ENABLED": "0",
    }


def java() -> dict[str, str]:
    """The environment in which `java` finds PostgreSQL's driver, where a JDK is installed. Raises Missing."""
    if shutil.which("java") is None:
        raise Missing("there is no java on this machine")
    modules = subprocess.run(["java", "--list-modules"], capture_output=True, text=True, check=False).stdout
    if "jdk.compiler" not in modules:
        raise Missing("this machine has a Java runtime and no JDK, which compiles the page's program")
    return {"POSTGRESQL_JAR": str(_tree(JDBC, JDBC_PACKAGES) / "usr" / "share" / "java" / "postgresql.jar")}


def _tree(name: str, wanted: tuple[str, ...]) -> Path:
    """The directory with packages unpacked. Raises Missing: they cannot be fetched."""
    tree = trees.directory().with_name("languages") / name
    if tree.exists():
        return tree
    tree.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=tree.parent) as directory:
        scratch = Path(directory)
        scratch.chmod(0o755)
        try:
            packages.unpack(Apt(scratch).download(wanted, scratch / "packages"), scratch / "tree")
        except packages.PackageError as error:
            raise Missing(f"Debian's packages {', '.join(wanted)} cannot be had: {error}") from error
        (scratch / "tree").rename(tree)
    return tree
