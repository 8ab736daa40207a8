"""The databases' TLS certificates: shown, and the service's own renewed before they expire."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from datastores.protocol.engine import RenewCertificate, ShowCertificate
from datastores.protocol.turns import Lock, Turn
from functions.base.clock import now
from functions.base.errors import TroveError
from functions.base.logs import get_logger
from functions.base.settings import get_settings
from functions.framework.step import Nothing, StepContext, StepResult, step
from functions.hostlink import host
from functions.hostlink.certificates import new_certificate
from functions.state.hosts import certificates
from functions.state.instances import instances
from functions.state.instances.models import Instance


class Renewed(StepResult):
    """How many certificates expire soon, and how many were renewed, some of which take effect at a restart."""

    ending: int
    renewed: int


@step("certificate.renew", audience="sweep")
def renew(_request: Nothing, context: StepContext) -> Renewed:
    """Renew the certificates that expire soon, of idle ACTIVE instances."""
    settings = get_settings()
    ending = certificates.ending(now() + timedelta(days=settings.certificate_renewal_days))
    chosen = random.sample(ending, min(settings.certificate_renewals, len(ending)))
    with ThreadPoolExecutor(settings.certificate_renewals_at_once, thread_name_prefix="renew") as pool:
        renewed = sum(pool.map(partial(_renew, context), chosen))
    return Renewed(ending=len(ending), renewed=renewed)


class CertificateFound(StepResult):
    """The certificate that a host has for its database, with its chain (PEM)."""

    certificate: str


@step("certificate.show", audience="read")
def show(_request: Nothing, context: StepContext) -> CertificateFound:
    """Return the certificate that the instance's host has."""
    found = host.ask(instances.load(context.instance_id), context, ShowCertificate())
    return CertificateFound(certificate=found.certificate)


def _renew(context: StepContext, instance: Instance) -> bool:
    serving = instance.host
    if serving is None:
        return False
    turn = Turn(serving.fence, Lock.ACCOUNTS)
    try:
        asked = RenewCertificate(new_certificate(serving))
        report = host.call(serving, instance.datastore_version_id, context, asked, turn)
    except TroveError as error:
        get_logger().warning("certificate not renewed", instance_id=instance.id, reason=error.message)
        return False
    certificates.record(serving, report)
    return True
