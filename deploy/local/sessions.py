"""Keystone sessions for the clouds of a state directory."""

from keystoneauth1.identity import v3
from keystoneauth1.session import Session

from deploy.local import addresses, credentials
from deploy.local.errors import StateError
from deploy.local.state import State


def service_session(state: State) -> Session:
    """Return a session of the user `trove` in the project `service`."""
    return _session(state, "trove", credentials.passwords(state).users["trove"], "service")


def tenant_session(state: State, name: str) -> Session:
    """Return a session of a cloud of clouds.yaml.

    Raises:
        StateError: there is no cloud of this name.
    """
    project = credentials.TENANTS.get(name)
    if project is None:
        raise StateError(
            f"there is no cloud {name!r} in {state.clouds_yaml}: use one of {', '.join(credentials.TENANTS)}"
        )
    return _session(state, name, credentials.passwords(state).users[name], project)


def _session(state: State, username: str, password: str, project: str) -> Session:
    auth = v3.Password(
        auth_url=addresses.load(state.path).url("keystone", "/v3"),
        username=username,
        password=password,
        project_name=project,
        user_domain_name="Default",
        project_domain_name="Default",
    )
    return Session(auth=auth, timeout=60)
