"""Barbican, as a tenant's own token sees it: the payloads of secrets, and who uses them (its consumers).

A reference names the secret only: requests go to the key manager of the catalog, never to an address that a tenant
wrote. The service user finds that address, and reads no secret.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from functions.base.errors import BadRequest, NotSupported, Unavailable
from functions.base.settings import get_settings
from functions.cloud.session import service_session

if TYPE_CHECKING:
    from keystoneauth1.session import Session
    from requests import Response

LARGEST_PAYLOAD_BYTES = 65536
"""Bytes of a payload that is read at most. Barbican's own default limit is 20,000."""
_MICROVERSION = {"OpenStack-API-Version": "key-manager 1.1"}
"""The first one in which secrets have consumers."""
_SECRET = re.compile(r"(?:https?://[^\s?#]+/secrets/)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/?")
_OK, _NOT_FOUND, _ERROR = 200, 404, 500
_REFUSALS = (401, 403, _NOT_FOUND, 406, 410)


class BarbicanUnavailable(Unavailable):
    """Barbican does not answer now."""


@dataclass(frozen=True)
class Consumer:
    """A resource that uses a secret."""

    resource_id: str
    service: str = "database"
    resource_type: str = "instance"


@dataclass(frozen=True)
class KeyManager:
    """Barbican with a tenant's token."""

    token: str = field(repr=False)

    def payload(self, name: str, reference: str) -> bytes:
        """Return the payload of a secret; `name` is the field that has the reference, for errors.

        Raises:
            BadRequest: the reference is none of a secret, or the token cannot read it.
            NotSupported: the catalog has no key manager.
            BarbicanUnavailable.
        """
        place = _place(name, reference)
        described = self._send("GET", place, {"Accept": "application/json"})
        _require(name, described)
        kinds = described.json().get("content_types") or {}
        if not kinds:
            raise BadRequest(f"Validation error: ssl['{name}'] names a secret without a payload")
        answer = self._send("GET", f"{place}/payload", {"Accept": str(kinds["default"]).partition(";")[0]})
        _require(name, answer)
        if len(answer.content) > LARGEST_PAYLOAD_BYTES:
            raise BadRequest(
                f"Validation error: ssl['{name}'] names a secret of more than {LARGEST_PAYLOAD_BYTES} bytes"
            )
        return bytes(answer.content)

    def register(self, name: str, reference: str, consumer: Consumer) -> None:
        """Register a consumer of a secret, once however often. Raises as `payload`."""
        _require(name, self._send("POST", f"{_place(name, reference)}/consumers", body=vars(consumer)))

    def unregister(self, reference: str, consumer: Consumer) -> bool:
        """Remove a consumer; return whether none is left: a secret that is gone has none.

        Raises NotSupported, BarbicanUnavailable.
        """
        answer = self._send("DELETE", f"{_place('container_ref', reference)}/consumers", body=vars(consumer))
        return answer.status_code in {_OK, _NOT_FOUND}

    def _send(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: dict[str, str] | None = None
    ) -> "Response":
        from keystoneauth1.exceptions import ClientException

        session = service_session()
        try:
            url = f"{_address(session)}/v1/{path}"
            sent = {"X-Auth-Token": self.token, **_MICROVERSION, **(headers or {})}
            answer: Response = session.request(
                url, method, authenticated=False, raise_exc=False, headers=sent, json=body, redirect=False
            )
        except ClientException as error:
            raise BarbicanUnavailable(f"Barbican does not answer now: {type(error).__name__}.") from error
        if answer.status_code >= _ERROR:
            raise BarbicanUnavailable(f"Barbican cannot answer now: status {answer.status_code}.")
        return answer


def _address(session: "Session") -> str:
    """Return the address of Barbican. Raises NotSupported if the catalog has none, also one that is read anew."""
    from keystoneauth1.exceptions import CatalogException

    for _ in range(2):
        with suppress(CatalogException):
            found = session.get_endpoint(
                service_type="key-manager", interface="internal", region_name=get_settings().os_region_name
            )
            if found:
                return found.rstrip("/").removesuffix("/v1")
        session.invalidate()
    raise NotSupported("This installation has no key manager (Barbican), which holds tenants' certificates.")


def _place(name: str, reference: str) -> str:
    found = _SECRET.fullmatch(reference)
    if found is None:
        raise BadRequest(f"Validation error: ssl['{name}'] is not the reference of a Barbican secret")
    return f"secrets/{found[1]}"


def _require(name: str, answer: "Response") -> None:
    if answer.status_code in _REFUSALS:
        raise BadRequest(f"Validation error: ssl['{name}'] names no secret that you may read")
    if answer.status_code != _OK:
        raise BadRequest(f"Validation error: Barbican refuses ssl['{name}'] with status {answer.status_code}")
