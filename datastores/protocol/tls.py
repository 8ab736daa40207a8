"""How clients come in with TLS."""

from __future__ import annotations

from enum import Enum


class TlsMode(str, Enum):
    """What clients need, and whose certificate the database shows."""

    BUILTIN = "builtin"
    """TLS, and the certificate is the service's own."""
    BASIC = "basic"
    """TLS or none, as the client likes."""
    ENFORCED = "enforced"
    """TLS."""
    MTLS = "mtls"
    """TLS, and a certificate of an authority in the chain of the database's own."""
