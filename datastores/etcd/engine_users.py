"""Users. etcd has no databases: each user may read and write all keys, and may not see or change users.

etcd 3.4 keeps a new password in its write-ahead log, which only the engine's user can read, until that part of the log
is removed; its data and our backups have a hash only. 3.5 keeps hashes only.
"""

from __future__ import annotations

from datastores.etcd.engine_member import Member
from datastores.host.errors import BadRequest
from datastores.host.names import USER, NameRules
from datastores.protocol.accounts import ANYWHERE, Account, AccountList, User, UserChange

_ROLE = "tenant"
_EVERY_KEY = {"permType": "READWRITE", "key": "AA==", "range_end": "AA=="}  # from byte 0 on, in base64


def create(member: Member, users: list[User]) -> None:
    """Create users or set their passwords. Raises EngineError."""
    if users and _ROLE not in member.request("auth/role/list").get("roles", []):
        member.request("auth/role/add", name=_ROLE)
    if users:
        member.request("auth/role/grant", name=_ROLE, perm=_EVERY_KEY)
    there = _names(member)
    for user in users:
        verb = "changepw" if user.name in there else "add"
        member.request(f"auth/user/{verb}", name=user.name, password=user.password)
        member.request("auth/user/grant", user=user.name, role=_ROLE)


def update(member: Member, change: UserChange) -> None:
    """Set a user's password, or make it anew under another name. Raises BadRequest, EngineError."""
    there, name = _names(member), change.new_name or change.name
    if not {change.user.name, name} & set(there):
        raise BadRequest(f"there is no user '{change.user.name}'")
    if name not in there and change.password is None:
        raise BadRequest("etcd cannot rename a user and keep its password: give a new password, too")
    if change.password is not None:
        create(member, [User(name, change.password)])
    if name != change.user.name:
        delete(member, change.user.name)


def delete(member: Member, name: str) -> None:
    """Delete a user: its tokens open nothing any more; a watch that is open goes on. Raises EngineError."""
    if name in _names(member):
        member.request("auth/user/delete", name=name)


def accounts(member: Member, rules: NameRules) -> AccountList:
    """The users with names that the service accepts. Raises EngineError."""
    names = [name for name in _names(member) if rules.problem(USER, name) is None]
    return AccountList(databases=(), users=tuple(Account(name, ANYWHERE, ()) for name in sorted(names)))


def _names(member: Member) -> list[str]:
    names: list[str] = member.request("auth/user/list").get("users", [])
    return names
