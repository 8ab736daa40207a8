"""TLS of an instance: the mode, and the certificate from the tenant's Barbican secret or the service's own.

A change is in force, or waits for a restart, when it is answered; so the response waits for the operation to end. The
tenant's token reads the secret, and registers the instance as its consumer; both happen within the request, since
nobody else may do it.
"""

from pydantic import BaseModel

from datastores.protocol.tls import TlsMode
from functions.base.clock import now
from functions.base.errors import BadRequest, EngineRefused, TroveError, Unavailable
from functions.base.logs import get_logger
from functions.base.statuses import ACTIVE_STATES
from functions.cloud.barbican import Consumer, KeyManager
from functions.entrypoint import pkcs12
from functions.entrypoint.api_request import AnyRequest, ApiRequest, Handlers, ResponseBody
from functions.entrypoint.models import InstanceSslChange, SslShowParametersQuery
from functions.entrypoint.read import read
from functions.entrypoint.resources.instance_owner import instance_id_of, on_behalf_of_owner, owner_of
from functions.entrypoint.version_catalog import entry_of
from functions.entrypoint.views.ssl import change_view, is_on, ssl_view
from functions.entrypoint.waiting import FAILURE_STATES, failure_reason, wait_for_end
from functions.operations import instance_tls
from functions.operations.parts.launch import launch
from functions.state.endpoints import endpoints
from functions.state.instances import instances
from functions.state.instances.models import Instance
from functions.state.operations.models import Operation
from functions.state.tls import tls_certificates
from functions.state.tls.models import TlsCertificate

WAIT_SECONDS = 20.0
"""Seconds that a request waits for its operation at most."""


class TlsPending(Unavailable):
    """The operation that changes TLS has not ended yet."""


class ShownCertificate(BaseModel):
    """The result of the step `certificate.show`."""

    certificate: str


def show_ssl(request: ApiRequest[None, SslShowParametersQuery]) -> ResponseBody:
    """Show mode and certificate; the certificate itself when asked for. Raises NotFound, Busy, HostSilent."""
    instance = instances.get(owner_of(request), instance_id_of(request))
    certificate, payload = tls_certificates.find(instance.tls), None
    if request.query.include_certificate and is_on(instance):
        payload = certificate.certificate if certificate else _own_certificate(instance)
    return {"ssl": ssl_view(instance, certificate, endpoints.addresses(instance), payload)}


def change_ssl(request: ApiRequest[InstanceSslChange, None]) -> ResponseBody:
    """Enable a mode with a certificate, go back to the service's own, or to what was before the last change.

    Raises:
        NotFound, Busy.
        BadRequest: not exactly one of the three, the certificate cannot be used, the engine does not have the mode.
        NotSupported: there is no Barbican. Unavailable: it does not answer.
        EngineRefused: the database refuses; all is as it was.
        TlsPending: the operation has not ended.
    """
    asked = request.body.ssl
    chosen = [name for name in ("enable", "disable", "rollback") if getattr(asked, name)]
    if len(chosen) != 1:
        raise BadRequest("Validation error: ssl needs exactly one of 'enable', 'disable' and 'rollback' to be true")
    before = instances.get(owner_of(request), instance_id_of(request))
    instance_tls.require_idle(before.id, on_behalf_of_owner(request))
    {"enable": _enable, "disable": _disable, "rollback": _rollback}[chosen[0]](request, before)
    return {"ssl": change_view(instances.load(before.id))}


def forget_secrets(request: AnyRequest, instance: Instance) -> None:
    """Remove a deleted instance from the consumers of its certificate's secret, as far as the caller may."""
    certificate = tls_certificates.find(instance.tls)
    if certificate is not None:
        _unregister(request, instance.id, certificate.container_ref)


def _enable(request: ApiRequest[InstanceSslChange, None], instance: Instance) -> None:
    asked = request.body.ssl
    mode = TlsMode(asked.mode) if asked.mode else TlsMode.BASIC
    _require_mode(instance, mode)
    if not asked.container_ref:
        raise BadRequest("Validation error: ssl 'container_ref' is a required property for 'enable'")
    barbican = KeyManager(request.token)
    password = barbican.payload("password_ref", asked.password_ref) if asked.password_ref else None
    content = barbican.payload("container_ref", asked.container_ref)
    certificate = pkcs12.read(asked.container_ref, content, password)
    if mode == TlsMode.MTLS and not certificate.client_authority:
        raise BadRequest(
            "Validation error: ssl['mode'] mtls needs the certificate of the authority, up to its root, in the PKCS#12"
            " file of container_ref"
        )
    former = tls_certificates.find(instance.tls)
    barbican.register("container_ref", asked.container_ref, Consumer(instance.id))
    try:
        operation = instance_tls.accept_enable(instance.id, mode, certificate, on_behalf_of_owner(request))
        launch(operation)
        _await(operation)
    except TlsPending:
        raise
    except TroveError:
        _change_consumer(request, instance.id, asked.container_ref, _reference(former))
        raise
    _change_consumer(request, instance.id, _reference(former), asked.container_ref)


def _disable(request: AnyRequest, instance: Instance) -> None:
    former = tls_certificates.find(instance.tls)
    operation = instance_tls.accept_disable(instance.id, on_behalf_of_owner(request))
    if operation is not None:
        launch(operation)
        _await(operation)
        _change_consumer(request, instance.id, _reference(former), None)


def _rollback(request: AnyRequest, instance: Instance) -> None:
    former, earlier = tls_certificates.find(instance.tls), tls_certificates.find(instance.tls_before)
    if earlier is not None and earlier.expires <= now():
        raise BadRequest(f"The certificate before the last change of instance {instance.id} has expired.")
    operation = instance_tls.accept_rollback(instance.id, on_behalf_of_owner(request))
    launch(operation)
    _await(operation)
    if earlier is not None:
        _register(request, instance.id, earlier)
    _change_consumer(request, instance.id, _reference(former), _reference(earlier))


def _require_mode(instance: Instance, mode: TlsMode) -> None:
    """Raise BadRequest if the instance's database cannot do the mode."""
    entry = entry_of(instance.datastore_version_id)
    if mode not in entry.datastore.tls_modes:
        known = ", ".join(known.value for known in TlsMode if known in entry.datastore.tls_modes) or "none"
        name = entry.datastore.name
        raise BadRequest(
            f"Validation error: ssl['mode'] '{mode.value}' is not one that datastore {name} can do; it can do {known}"
        )
    if not is_on(instance):
        raise BadRequest(f"The database of instance {instance.id} serves no TLS: its programs are built without it.")


def _await(operation: Operation) -> None:
    """Wait for the operation to end. Raises EngineRefused if it failed, TlsPending if it has not ended."""
    latest = wait_for_end(operation, WAIT_SECONDS)
    if latest.state in FAILURE_STATES:
        raise EngineRefused(f"TLS is as it was: {failure_reason(latest)} (operation {latest.id})")
    if latest.state in ACTIVE_STATES:
        raise TlsPending(f"TLS is being changed by operation {operation.id}, which has not ended: look again.")


def _reference(certificate: TlsCertificate | None) -> str | None:
    return certificate.container_ref if certificate else None


def _own_certificate(instance: Instance) -> str:
    return read(instance, "certificate.show", ShownCertificate).certificate


def _register(request: AnyRequest, instance_id: str, certificate: TlsCertificate) -> None:
    """Register the instance as a secret's consumer. What does not succeed is logged: the certificate is kept here."""
    try:
        KeyManager(request.token).register("container_ref", certificate.container_ref, Consumer(instance_id))
    except TroveError as error:
        get_logger().warning("consumer not registered", instance_id=instance_id, reason=error.message)


def _change_consumer(request: AnyRequest, instance_id: str, former: str | None, now_used: str | None) -> None:
    """Remove the instance from the consumers of a secret that it does not use any more."""
    if former is not None and former != now_used:
        _unregister(request, instance_id, former)


def _unregister(request: AnyRequest, instance_id: str, reference: str) -> None:
    """Remove the instance from a secret's consumers. What does not succeed is logged: it harms nobody."""
    try:
        removed = KeyManager(request.token).unregister(reference, Consumer(instance_id))
        problem = "" if removed else "Barbican does not allow it"
    except TroveError as error:
        problem = error.message
    if problem:
        get_logger().warning("consumer not removed", instance_id=instance_id, reason=problem)


HANDLERS: Handlers = {"show": show_ssl, "change": change_ssl}
