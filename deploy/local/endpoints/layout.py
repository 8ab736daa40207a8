"""The files of an endpoint, and its facts."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from deploy.local.hosts.layout import NAME_LENGTH, write_private

SLOTS = {"primary": 1, "readers": 32}
"""Targets that an endpoint of each kind can have at once."""


@dataclass(frozen=True)
class EndpointFacts:
    """facts.json: what the endpoint is to be. The proxy can be started from it alone."""

    endpoint_id: str
    owner: str
    """The id of the Heat resource that the endpoint belongs to."""
    kind: str
    address: str
    ports: tuple[int, ...]
    allowed_cidrs: tuple[str, ...]
    """Networks that may connect; empty: all."""
    slots: tuple[str, ...]
    """The targets' addresses. A target keeps its slot, so that its sessions go on; a free slot is empty."""

    @property
    def targets(self) -> list[str]:
        """The addresses that connections are led to; without any, connections are refused."""
        return [target for target in self.slots if target]

    def text(self) -> str:
        """Return the content of facts.json."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def parse(cls, text: str) -> "EndpointFacts":
        """Read the content of facts.json."""
        return _CODEC.validate_json(text)


_CODEC = TypeAdapter(EndpointFacts)


@dataclass(frozen=True)
class EndpointDirectory:
    """The directory of one endpoint, in which its proxy works."""

    root: Path

    @classmethod
    def of(cls, state_dir: Path, endpoint_id: str) -> "EndpointDirectory":
        """Return the directory of an endpoint in a state directory; it need not exist."""
        return cls(endpoints_dir(state_dir) / endpoint_id.replace("-", "")[:NAME_LENGTH])

    @property
    def facts_file(self) -> Path:
        """facts.json."""
        return self.root / "facts.json"

    @property
    def applied_file(self) -> Path:
        """The facts that the running proxy has; missing while it is being started."""
        return self.root / "applied.json"

    @property
    def config_file(self) -> Path:
        """The proxy's configuration."""
        return self.root / "haproxy.cfg"

    @property
    def networks_file(self) -> Path:
        """The networks that may connect, one a line."""
        return self.root / "networks"

    @property
    def pid_file(self) -> Path:
        """The file with the proxy's process id."""
        return self.root / "pid"

    @property
    def log(self) -> Path:
        """What the proxy wrote when it was started."""
        return self.root / "haproxy.log"

    def belongs_to(self, owner: str) -> bool:
        """Return whether the endpoint exists and belongs to that Heat resource."""
        facts = self.facts()
        return facts is not None and facts.owner == owner

    def facts(self) -> EndpointFacts | None:
        """Return the facts, None if there is no such endpoint."""
        return _read(self.facts_file)

    def applied(self) -> EndpointFacts | None:
        """Return the facts that the proxy was last told, None if it was not."""
        return _read(self.applied_file)

    def write(self, facts: EndpointFacts) -> None:
        """Replace facts.json."""
        write_private(self.facts_file, facts.text())

    def write_applied(self, facts: EndpointFacts) -> None:
        """Replace applied.json."""
        write_private(self.applied_file, facts.text())


def endpoints_dir(state_dir: Path) -> Path:
    """Return the directory of a state directory's endpoints."""
    return state_dir.resolve() / "endpoints"


def _read(file: Path) -> EndpointFacts | None:
    try:
        return EndpointFacts.parse(file.read_text())
    except FileNotFoundError:
        return None
