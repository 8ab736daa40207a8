"""Who looks at instances, with what their views need beside the rows."""

from collections.abc import Sequence

from functions.cloud import tls_ca
from functions.entrypoint.call import AnyCall
from functions.entrypoint.views.instances import Viewer
from functions.runtime.settings import require
from functions.state import configurations
from functions.state.models import Instance


def viewer_of(call: AnyCall, seen: Sequence[Instance], *, is_admin: bool = False) -> Viewer:
    """The caller as the viewer of these instances; `is_admin`: as an administrator, whatever the caller's roles are."""
    has_tls = any(instance.certificate_expires is not None for instance in seen)
    return Viewer(
        call.project_url,
        is_admin or call.identity.is_admin,
        call.minor,
        configurations.names_of(seen),
        tls_ca.roots(require("tls_ca_certificate")) if has_tls else "",
    )
