"""Directories and facts of local hosts."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.hosts.layout import HostDirectory, HostFacts, environment, write_private

HOST_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
FACTS = HostFacts(
    host_id=HOST_ID,
    root="/state/hosts/0f8fad5bd9cb",
    address="127.16.0.10",
    python="/usr/bin/python3",
    memory_mb=512,
    cpus=2,
    volume_gb=3,
    software={"wheels": "/venv/site-packages"},
)


@pytest.fixture
def host(tmp_path: Path) -> HostDirectory:
    directory = HostDirectory.of(tmp_path, HOST_ID)
    directory.root.mkdir(parents=True)
    return directory


def test_the_directory_is_named_after_the_host(tmp_path: Path) -> None:
    assert HostDirectory.of(tmp_path, HOST_ID).root == tmp_path / "hosts" / "0f8fad5bd9cb"


def test_facts_have_the_shape_of_every_substrate(host: HostDirectory) -> None:
    host.write_facts(FACTS)
    assert json.loads(host.facts_file.read_text()) == {
        "host_id": HOST_ID,
        "substrate": "local",
        "root": "/state/hosts/0f8fad5bd9cb",
        "address": "127.16.0.10",
        "user": None,
        "python": "/usr/bin/python3",
        "software": {"wheels": "/venv/site-packages"},
        "memory_mb": 512,
        "cpus": 2,
        "volume_gb": 3,
    }
    assert host.facts() == FACTS


def test_facts_are_replaced_whole_and_private(host: HostDirectory) -> None:
    host.write_facts(FACTS)
    host.write_facts(replace(FACTS, memory_mb=1024))
    assert host.facts().memory_mb == 1024
    assert host.facts_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in host.root.iterdir()] == ["facts.json"]


def test_a_host_belongs_to_the_resource_that_made_it_last(host: HostDirectory) -> None:
    assert not host.belongs_to("first")
    write_private(host.owner_file, "first")
    write_private(host.owner_file, "second")
    assert host.belongs_to("second")
    assert not host.belongs_to("first")


def test_nothing_of_the_control_plane_is_in_the_environment(
    host: HostDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_PASSWORD", "canary")
    found = environment(host)
    assert found["TROVE_HOST_FACTS"] == str(host.facts_file)
    assert "canary" not in found.values()


def test_the_ssh_server_loads_little() -> None:
    program = "import sys, deploy.local.hosts.sshd; print(*sorted({'pydantic', 'psutil', 'yaml'} & sys.modules.keys()))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == ""
