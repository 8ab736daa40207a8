"""The guide for tenants: every command of its pages, in the pages' order, as a reader types it."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from deploy.local.cloud import Cloud
from functions.base.statuses import BackupStatus, InstanceStatus, OperationState
from functions.entrypoint.errors import FAULTS
from tests.support import guide_pages, languages, terraform_provider
from tests.support.api import Api
from tests.support.guide_shell import Reader
from tests.support.releases import releases

NEEDED = "postgresql-15"
"""The version of which the guide makes instances; its build has TLS."""
TERRAFORM = "terraform"
LANGUAGES: dict[str, Callable[[], dict[str, str]]] = {"java": languages.java, "go": languages.go}
"""Pages that need a language, and what gives the environment in which it is found."""
PROGRAMS = {"tls": "openssl"}
"""Pages that need a program which set-up does not bring."""
PLAYED = [name for name in guide_pages.names() if name != TERRAFORM]
CODE = re.compile(r"^\| ([A-Z0-9_, ]+) \|", re.MULTILINE)
"""The first column of a table of statuses or of errors."""


@pytest.fixture(scope="module")
def reader(cloud: Cloud) -> Iterator[Reader]:
    """A reader who has done nothing yet."""
    if NEEDED not in map(str, releases()):
        pytest.skip(f"the guide's instances are of {NEEDED}, whose programs are not here: see `trovectl datastores`")
    with tempfile.TemporaryDirectory(prefix="guide-") as directory:
        cloud.up(extras=["barbican"])
        made = Reader(Path(directory), cloud.state.clouds_yaml)
        yield made
        made.close()


@pytest.mark.parametrize("name", PLAYED)
@pytest.mark.timeout(600)
def test_what_a_page_says_happens(reader: Reader, name: str) -> None:
    page = guide_pages.read(name)
    assert page.commands
    if (program := PROGRAMS.get(name)) and shutil.which(program) is None:
        pytest.skip(f"guide/{name}.md is not run: there is no {program} on this machine")
    try:
        environment = LANGUAGES[name]() if name in LANGUAGES else {}
    except languages.Missing as missing:
        pytest.skip(f"guide/{name}.md is not run: {missing}")
    reader.play(page, **environment)


def test_what_terraform_s_provider_sends_for_the_file(reader: Reader, demo: Api) -> None:
    """The file of the page, by the provider's requests: the provider itself cannot be installed everywhere."""
    authority = str(reader.home / "shop-ca.pem")
    password = secrets.token_hex(16)
    resources = terraform_provider.read(guide_pages.read(TERRAFORM).file("main.tf"))
    provider = terraform_provider.Provider(demo, {"password": password})
    try:
        provider.apply(resources)
        [address] = provider.value("openstack_db_instance_v1.shop.addresses")
        connection = psycopg2.connect(
            host=address, dbname="shop", user="clerk", password=password, sslmode="verify-full", sslrootcert=authority
        )
        with connection, connection.cursor() as cursor:
            cursor.execute("SHOW work_mem")
            assert cursor.fetchone() == ("16MB",)
        connection.close()
    finally:
        provider.destroy()


@pytest.mark.timeout(600)
def test_what_the_page_about_terraform_says_happens(reader: Reader, tmp_path: Path) -> None:
    """With Terraform itself, where it and its provider are to be had."""
    page = guide_pages.read(TERRAFORM)
    if shutil.which("terraform") is None:
        pytest.skip("there is no terraform on this machine; its file was applied with the provider's requests")
    (tmp_path / "main.tf").write_text(page.file("main.tf"))
    formatted = _terraform(tmp_path, "fmt", "-check", "-diff")
    assert formatted.returncode == 0, formatted.stdout
    begun = _terraform(tmp_path, "init", "-no-color")
    if begun.returncode:
        reason = begun.stderr.partition("Error: ")[2].partition("\n")[0]
        pytest.skip(f"terraform cannot get its provider here ({reason}); the provider's requests were sent")
    reader.play(page)


def test_every_page_is_played_and_what_differs_is_noticed() -> None:
    assert {TERRAFORM, *PLAYED} == {page.stem for page in guide_pages.GUIDE.glob("*.md")}
    shown = guide_pages.Command("show", "...\n| state | SUCCEEDED | 2026-11-29T21:26:00 |\n+---+---+")
    assert shown.shows("done, 0.1 s\n| state   | SUCCEEDED | 2031-01-02T03:04:05 |\n+-------+---+\n\n", "/tmp")
    assert not shown.shows("| state | FAILED | 2026-11-29T21:26:00 |\n+---+---+", "/tmp")
    assert not shown.shows("| state | SUCCEEDED | never |\n+---+---+", "/tmp")
    assert not shown.shows("| state | SUCCEEDED | 2026-11-29T21:26:00 |\n+---+---+\nand more", "/tmp")


def test_the_tables_name_every_status_and_every_error() -> None:
    text = {name: (guide_pages.GUIDE / f"{name}.md").read_text() for name in ("statuses", "watching", "errors")}
    statuses = {word for row in CODE.findall(text["statuses"]) for word in row.split(", ")}
    assert statuses >= {*InstanceStatus, *BackupStatus, "RESTART_REQUIRED", "HEALTHY", "BLOCKED"}
    assert set(CODE.findall(text["watching"])) == {*OperationState}
    told = dict(re.findall(r"^\| (\d{3}) \| (\w+) \|", text["errors"], re.MULTILINE))
    assert told == {str(status): name for status, name in FAULTS.values()} | {"500": "instanceFault"}


def _terraform(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["terraform", *words], cwd=directory, capture_output=True, text=True, check=False)
