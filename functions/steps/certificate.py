"""The certificates with which databases serve TLS: a new one for each delivery, and in time before the old one ends."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from datastores.protocol.engine import Certificate, RenewCertificate
from datastores.protocol.turns import Lock, Turn
from functions.cloud.tls_ca import authority
from functions.runtime.clock import now
from functions.runtime.errors import TroveError
from functions.runtime.logs import get_logger
from functions.runtime.step import Nothing, StepContext, StepResult, step
from functions.state import certificates
from functions.state.models import Instance
from functions.steps import host

RENEWAL = timedelta(days=30)
"""A certificate is renewed so long before its end."""
AT_ONCE = 16
AT_MOST = 200
"""In one run."""


class Renewed(StepResult):
    """How many certificates end soon, and for how many databases that was changed or is to be by a restart."""

    ending: int
    renewed: int


def certificate(instance: Instance) -> Certificate:
    """A new certificate for the instance's addresses."""
    made = authority().issue_server(instance.id, [entry["address"] for entry in instance.addresses])
    return Certificate(made.certificate, made.private_key.get_secret_value(), made.authority, made.expires.isoformat())


@step("certificate.renew", audience="sweep")
def renew(_request: Nothing, context: StepContext) -> Renewed:
    """Renew the certificates that end soon, of databases that run and have no operation under way."""
    ending = certificates.ending(now() + RENEWAL)
    chosen = random.sample(ending, min(AT_MOST, len(ending)))
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="renew") as pool:
        renewed = sum(pool.map(partial(_renew, context), chosen))
    return Renewed(ending=len(ending), renewed=renewed)


def _renew(context: StepContext, instance: Instance) -> bool:
    try:
        asked = RenewCertificate(certificate(instance))
        report = host.call(instance, context, asked, Turn(instance.fence, Lock.ACCOUNTS))
    except TroveError as error:
        get_logger().warning("certificate not renewed", instance_id=instance.id, reason=error.message)
        return False
    certificates.record(instance, report)
    return True
