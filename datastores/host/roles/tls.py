"""The role `tls`: clients come in over the network with TLS."""

from __future__ import annotations

from abc import abstractmethod

from datastores.host.roles.role import Role


class Tls(Role):
    """TLS of the running server, with the certificate and in the mode that `facts` name.

    Which modes a datastore has, its datastore.yaml says.
    """

    capability = "tls"

    @abstractmethod
    def served(self) -> bool:
        """Return whether clients can come in over the network with TLS, as the running database has it."""

    @abstractmethod
    def reload(self) -> bool:
        """Have the running database use the certificate, and the mode as `configure` has written it; return False when
        it will at its next start only.

        Connections that are open go on.
        """
