"""JSON objects of an instance's TLS, in Trove's form."""

from collections.abc import Sequence

from datastores.protocol.tls import TlsMode
from functions.entrypoint.views.common import time_text
from functions.state.hosts.models import Address
from functions.state.instances.models import Instance
from functions.state.tls.models import TlsCertificate


def mode_of(instance: Instance) -> TlsMode:
    """Return the mode that was chosen last."""
    return instance.tls.mode if instance.tls else TlsMode.BUILTIN


def ssl_view(
    instance: Instance, certificate: TlsCertificate | None, shared: Sequence[Address], payload: str | None
) -> dict[str, object]:
    """Return the TLS of an instance, which shares the addresses `shared` with its group; `payload` is the certificate
    itself, if it is to be shown."""
    on = is_on(instance)
    view: dict[str, object] = {
        "status": "on" if on else "off",
        "mode": mode_of(instance).value,
        "certificate": _certificate(instance, certificate, shared) if on else None,
    }
    if on and payload is not None:
        view["certificate"] = {**_certificate(instance, certificate, shared), "payload": payload}
    return view


def change_view(instance: Instance) -> dict[str, object]:
    """Return the outcome of a change."""
    return {
        "status": "on" if is_on(instance) else "off",
        "mode": mode_of(instance).value,
        "restart_required": instance.host is not None and instance.host.restart_required,
    }


def is_on(instance: Instance) -> bool:
    """Return whether the database serves TLS."""
    return instance.host is not None and instance.host.certificate_expires is not None


def _certificate(
    instance: Instance, certificate: TlsCertificate | None, shared: Sequence[Address]
) -> dict[str, object]:
    if certificate is not None:
        names: list[str] | None = certificate.san or None
        return {"cn": certificate.cn, "expire_at": time_text(certificate.expires), "san": names}
    host = instance.host
    addresses = [entry.address for entry in [*host.addresses, *shared]] if host else None
    expires = host.certificate_expires if host else None
    return {"cn": instance.id, "expire_at": time_text(expires) if expires else None, "san": addresses}
