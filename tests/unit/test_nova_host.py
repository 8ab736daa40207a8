"""What the Nova substrate makes, as Heat resolves its template."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

TEMPLATE = Path(__file__).parents[2] / "deploy" / "heat" / "substrates" / "nova_host.yaml"
PARAMETERS: dict[str, object] = {
    "instance_id": "instance-1",
    "host_id": "host-1",
    "project_id": "tenant-1",
    "datastore": "postgresql",
    "version": "18",
    "flavor": "small",
    "memory": 512,
    "cpus": 1,
    "volume_size": 2,
    "ports": "5432,6432",
    "allowed_cidrs": "10.0.0.0/8,2001:db8::/32",
    "public": True,
    "ssh_user_ca": "ssh-ed25519 USERCA",
    "host_key": "-----BEGIN KEY-----\n'\"{}$VOLUME: x\n-----END KEY-----\n",
    "host_certificate": "ssh-ed25519-cert-v01@openssh.com HOSTCERT",
    "image": "trove-host",
    "management_network": "management",
    "management_cidr": "192.168.0.0/24",
    "database_network": "database",
    "public_network": "external",
}


VARIANTS: dict[str, dict[str, object]] = {
    "public": {},
    "not public": {"public": False},
    "no public network": {"public_network": ""},
    "named": {"availability_zone": "zone-1", "volume_type": "fast"},
    "of its own image": {"images": {"postgresql-18": "trove-postgresql-18", "postgresql-15": "trove-postgresql-15"}},
    "of the common image": {"images": {"mysql-8": "trove-mysql-8"}},
    "for everybody": {"allowed_cidrs": "", "public": False},
    "isolated": {"isolated": True, "public": False},
    "of a group": {"endpoint_addresses": "10.0.0.7,10.0.0.8", "public": False},
}


def render(template: str, parameters: list[dict[str, object]]) -> "subprocess.CompletedProcess[str]":
    """Heat has the process to itself: its options clash with those of Mistral."""
    return subprocess.run(
        [sys.executable, "-m", "tests.support.heat_render"],
        input=json.dumps({"template": template, "parameters": parameters}),
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )


@pytest.fixture(scope="module")
def variants() -> dict[str, dict[str, Any]]:
    """The resources of each variant."""
    done = render(TEMPLATE.read_text(), [{**PARAMETERS, **changes} for changes in VARIANTS.values()])
    assert done.returncode == 0, done.stderr
    return dict(zip(VARIANTS, json.loads(done.stdout.splitlines()[-1]), strict=True))


@pytest.fixture(scope="module")
def resources(variants: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return variants["public"]


@pytest.fixture(scope="module")
def cloud_config(resources: dict[str, Any]) -> dict[str, Any]:
    text = resources["server"]["user_data"]
    assert text.startswith("#cloud-config\n")
    config: dict[str, Any] = yaml.safe_load(text)
    return config


@pytest.fixture(scope="module")
def files(cloud_config: dict[str, Any]) -> dict[str, Any]:
    """The files that the server's first boot writes, by path."""
    return {file["path"]: file for file in cloud_config["write_files"]}


def test_the_databases_ports_are_open_to_the_allowed_networks_only(resources: dict[str, Any]) -> None:
    rules = resources["database_group"]["rules"]
    assert [(rule["port_range_min"], rule["remote_ip_prefix"], rule["ethertype"]) for rule in rules] == [
        (5432, "10.0.0.0/8", "IPv4"),
        (5432, "2001:db8::/32", "IPv6"),
        (6432, "10.0.0.0/8", "IPv4"),
        (6432, "2001:db8::/32", "IPv6"),
    ]
    assert all(rule["protocol"] == "tcp" and rule["port_range_max"] == rule["port_range_min"] for rule in rules)
    assert resources["database_port"]["security_groups"] == ["database_group"]


def test_without_allowed_networks_everybody_may_connect(variants: dict[str, dict[str, Any]]) -> None:
    rules = variants["for everybody"]["database_group"]["rules"]
    assert [(rule["port_range_min"], rule["remote_ip_prefix"], rule["ethertype"]) for rule in rules] == [
        (port, prefix, kind) for port in (5432, 6432) for prefix, kind in (("0.0.0.0/0", "IPv4"), ("::/0", "IPv6"))
    ]


def test_only_the_management_network_gets_to_ssh(resources: dict[str, Any]) -> None:
    (rule,) = resources["management_group"]["rules"]
    assert (rule["port_range_min"], rule["port_range_max"]) == (22, 22)
    assert rule["remote_ip_prefix"] == PARAMETERS["management_cidr"]
    assert resources["management_port"]["security_groups"] == ["management_group"]
    assert resources["management_port"]["network"] == PARAMETERS["management_network"]


def test_a_public_address_is_made_when_asked_for_and_possible(variants: dict[str, dict[str, Any]]) -> None:
    having = [name for name, resources in variants.items() if "public_address" in resources]
    assert having == ["public", "named", "of its own image", "of the common image"]


def test_an_isolated_host_is_cut_off_from_all_but_the_functions(variants: dict[str, dict[str, Any]]) -> None:
    isolated, usual = variants["isolated"], variants["for everybody"]
    assert (isolated["database_port"]["admin_state_up"], usual["database_port"]["admin_state_up"]) == (False, True)
    assert "admin_state_up" not in isolated["management_port"]


def test_a_host_may_hold_the_addresses_of_endpoints(variants: dict[str, dict[str, Any]]) -> None:
    pairs = variants["of a group"]["database_port"]["allowed_address_pairs"]
    assert pairs == [{"ip_address": "10.0.0.7"}, {"ip_address": "10.0.0.8"}]
    assert variants["public"]["database_port"]["allowed_address_pairs"] == []


def test_zone_and_volume_type_are_named_only_when_given(variants: dict[str, dict[str, Any]]) -> None:
    plain, named = variants["public"], variants["named"]
    assert "availability_zone" not in plain["server"]
    assert "volume_type" not in plain["volume"]
    assert named["server"]["availability_zone"] == named["volume"]["availability_zone"] == "zone-1"
    assert named["volume"]["volume_type"] == "fast"


def test_another_image_keeps_ports_and_volume(variants: dict[str, dict[str, Any]]) -> None:
    servers = [variants[name]["server"] for name in ("public", "of its own image", "of the common image")]
    assert [server["image"] for server in servers] == ["trove-host", "trove-postgresql-18", "trove-host"]
    assert all(server["image_update_policy"] == "REBUILD" for server in servers)
    assert "delete_on_termination" not in str(servers)
    assert {"volume", "attachment", "management_port", "database_port"} <= variants["public"].keys()


def test_everything_names_the_tenant(resources: dict[str, Any]) -> None:
    for name in ("server", "volume"):
        assert resources[name]["metadata"]["trove_project"] == PARAMETERS["project_id"]
    for name in ("server", "management_port", "database_port"):
        assert "trove-project=tenant-1" in resources[name]["tags"]


def test_tags_of_real_ids_are_short_enough_for_nova(resources: dict[str, Any]) -> None:
    longest = max(len(tag.split("=")[0]) for tag in resources["server"]["tags"])
    assert longest + len("=") + len("0f8fad5b-d9cb-469f-a165-70867728950e") <= 60


def test_facts_have_the_shape_of_a_local_hosts(files: dict[str, Any]) -> None:
    assert json.loads(files["/etc/trove/facts.json"]["content"]) == {
        "host_id": "host-1",
        "substrate": "nova",
        "root": "/var/lib/trove",
        "address": None,
        "user": "trove",
        "python": "/usr/bin/python3",
        "software": {},
        "memory_mb": 512,
        "cpus": 1,
        "volume_gb": 2,
    }


def test_databases_have_a_user_of_their_own_whom_sshd_does_not_know(cloud_config: dict[str, Any]) -> None:
    [user] = cloud_config["users"]
    facts = {file["path"]: file for file in cloud_config["write_files"]}["/etc/trove/facts.json"]
    assert user["name"] == json.loads(facts["content"])["user"]
    assert (user["shell"], user["uid"]) == ("/usr/sbin/nologin", 5300)


def test_sshd_trusts_certificates_for_this_host_only(files: dict[str, Any]) -> None:
    lines = files["/etc/ssh/sshd_config.d/00-trove.conf"]["content"].splitlines()
    settings = dict(line.split(" ", 1) for line in lines)
    assert settings["AuthorizedKeysFile"] == "none"
    assert settings["PasswordAuthentication"] == settings["KbdInteractiveAuthentication"] == "no"
    assert settings["PermitTTY"] == "no"
    assert settings["DisableForwarding"] == "yes"
    principals = settings["AuthorizedPrincipalsFile"].replace("%u", settings["AllowUsers"])
    assert files[principals]["content"] == "trove-op:host-1\n"
    assert files[settings["TrustedUserCAKeys"]]["content"] == PARAMETERS["ssh_user_ca"]
    assert files[settings["HostCertificate"]]["content"] == PARAMETERS["host_certificate"]


def test_the_host_key_arrives_as_it_is_and_private(files: dict[str, Any]) -> None:
    key = files["/etc/ssh/trove/host_key"]
    assert key["content"] == PARAMETERS["host_key"]
    assert key["permissions"] == "0600"


def test_the_mount_script_is_sound(files: dict[str, Any]) -> None:
    script = files["/usr/local/sbin/trove-mount"]["content"]
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    assert "'volume'" in script
    assert script.index("mount -o") < script.index("ln -sfn facts.json /etc/trove/host.json")


def test_what_ran_is_started_when_the_server_boots(files: dict[str, Any], cloud_config: dict[str, Any]) -> None:
    script = files["/usr/local/sbin/trove-boot"]["content"]
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    assert "for script in /var/lib/trove/boot/*" in script
    unit = files["/etc/systemd/system/trove-boot.service"]["content"]
    assert "ExecStart=/usr/local/sbin/trove-boot" in unit
    assert "After=trove-mount.service" in unit
    assert ["systemctl", "enable", "trove-boot.service"] in cloud_config["runcmd"]


def test_a_property_that_heat_does_not_know_is_found() -> None:
    wrong = TEMPLATE.read_text().replace("config_drive: true", "config_driver: true")
    assert "config_driver" in render(wrong, [PARAMETERS]).stderr
