"""Making data: a server that nobody else can reach gets its users' rules before it gets its name and its address."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from datastores.etcd import engine_config
from datastores.etcd.engine_member import ROOT, Member
from datastores.host import aside, files


def make(member: Member) -> None:
    """Empty data in which only users with a password may do anything, made aside and renamed."""
    if member.data.exists():
        return
    files.remove_tree(member.making)
    conf = member.facts.conf / "etcd-making.json"
    files.write_text(conf, json.dumps(engine_config.alone(member)))
    member.facts.give(conf)
    command: list[str | Path] = [member.bin / "etcd", "--config-file", conf]
    ask = functools.partial(member.request, "maintenance/status")
    with aside.running(member.programs, command, member.daemon.directory, ask):
        member.request("auth/user/add", name=ROOT, options={"no_password": True})
        member.request("auth/role/add", name=ROOT)
        member.request("auth/user/grant", user=ROOT, role=ROOT)
        member.request("auth/enable")
    conf.unlink()
    member.making.rename(member.data)
