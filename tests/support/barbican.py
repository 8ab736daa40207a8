"""Secrets of tenants in Barbican."""

import base64
from dataclasses import dataclass

from keystoneauth1.session import Session

MICROVERSION = {"OpenStack-API-Version": "key-manager 1.1"}


@dataclass(frozen=True)
class Secrets:
    """Barbican as a tenant has it."""

    session: Session

    def store(self, content: bytes) -> str:
        """The reference of a new secret."""
        base = self.session.get_endpoint(service_type="key-manager")
        body = {
            "payload": base64.b64encode(content).decode(),
            "payload_content_type": "application/octet-stream",
            "payload_content_encoding": "base64",
        }
        reference: str = self.session.post(f"{base}/v1/secrets", json=body).json()["secret_ref"]
        return reference

    def store_text(self, text: str) -> str:
        """The reference of a new secret that is a text."""
        base = self.session.get_endpoint(service_type="key-manager")
        body = {"payload": text, "payload_content_type": "text/plain"}
        reference: str = self.session.post(f"{base}/v1/secrets", json=body).json()["secret_ref"]
        return reference

    def consumers(self, reference: str) -> set[str]:
        """The ids of the instances that are registered as users of a secret."""
        answer = self.session.get(f"{reference}/consumers", headers={**MICROVERSION, "Accept": "application/json"})
        found = answer.json()["consumers"]
        assert {(item["service"], item["resource_type"]) for item in found} <= {("database", "instance")}
        return {item["resource_id"] for item in found}
