"""Creates users, roles and services through Keystone's API, as far as they are missing."""

from keystoneauth1.adapter import Adapter
from keystoneauth1.session import Session

from deploy.local.credentials import REGION


class Accounts:
    """Keystone, as an administrator sees it."""

    def __init__(self, session: Session) -> None:
        self._keystone = Adapter(session, service_type="identity", interface="public", region_name=REGION)

    def ensure_role(self, name: str) -> str:
        """Return the id of a role."""
        return self._ensure("role", {"name": name})

    def ensure_service_user(self, name: str, password: str) -> None:
        """Create a user of the project `service` that may check tokens."""
        domain = str(self._find("domain", {"name": "Default"}))
        project = self._find("project", {"name": "service", "domain_id": domain})
        user = self._ensure("user", {"name": name, "domain_id": domain}, password=password)
        for role in ("admin", "service"):
            self._keystone.put(f"/projects/{project}/users/{user}/roles/{self.ensure_role(role)}")

    def ensure_service(self, kind: str, name: str, url: str) -> None:
        """Create a service with its endpoints in the catalog."""
        service = self._ensure("service", {"type": kind, "name": name})
        for interface in ("public", "internal", "admin"):
            self._ensure("endpoint", {"service_id": service, "interface": interface}, url=url, region_id=REGION)

    def _ensure(self, noun: str, which: dict[str, str], **others: str) -> str:
        found = self._find(noun, which)
        if found is not None:
            return found
        made = self._keystone.post(f"/{noun}s", json={noun: {**which, **others}}).json()[noun]
        return str(made["id"])

    def _find(self, noun: str, which: dict[str, str]) -> str | None:
        found = self._keystone.get(f"/{noun}s", params=which).json()[f"{noun}s"]
        return str(found[0]["id"]) if found else None
