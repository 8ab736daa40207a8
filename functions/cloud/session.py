"""The service user's authenticated session with Keystone."""

from functools import lru_cache
from typing import TYPE_CHECKING

from functions.base.settings import get_settings, require

if TYPE_CHECKING:
    from keystoneauth1.session import Session


@lru_cache(maxsize=1)
def service_session() -> "Session":
    """Return the process's session as the service user, which renews its token and is safe for threads.

    Raises:
        SettingMissing: the function group was given no service user.
    """
    from keystoneauth1.identity.v3 import Password
    from keystoneauth1.session import Session

    settings = get_settings()
    auth = Password(
        auth_url=require("os_auth_url"),
        username=require("os_username"),
        password=require("os_password"),
        project_name=require("os_project_name"),
        user_domain_name=settings.os_user_domain_name,
        project_domain_name=settings.os_project_domain_name,
    )
    return Session(auth=auth, timeout=settings.service_request_seconds)
