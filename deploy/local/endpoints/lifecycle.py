"""Creates, points, restores and destroys endpoints.

The invariant: facts.json says what an endpoint is to be, and is written before its proxy is told. A proxy runs while
the endpoint has a target; without one nothing listens, so that connections are refused. Every function may be called
again after any interruption, and converges: `converge` compares facts.json with what the running proxy has.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local import addresses
from deploy.local.endpoints import haproxy
from deploy.local.endpoints.layout import SLOTS, EndpointDirectory, EndpointFacts, endpoints_dir
from deploy.local.engines import proxy, trees
from deploy.local.engines.fetch import FETCH_COMMAND
from deploy.local.errors import LocalError
from deploy.local.hosts.layout import write_private
from deploy.local.locks import locked

START_TIMEOUT = 10.0
"""Seconds after which a proxy that did not start is given up."""
END_TIMEOUT = 5.0
"""Seconds to wait for a killed proxy to end."""
_POLL = 0.01
_SAID = 500
"""Characters of the proxy's last words that an error repeats."""


class EndpointError(LocalError):
    """The proxy of an endpoint did not start or end, or the endpoint has too many targets."""


@dataclass(frozen=True)
class EndpointSpec:
    """The properties of an endpoint."""

    endpoint_id: str
    owner: str
    """The id of the Heat resource that the endpoint belongs to."""
    kind: str
    ports: tuple[int, ...]
    allowed_cidrs: tuple[str, ...]
    targets: tuple[str, ...]


def ensure(state_dir: Path, spec: EndpointSpec) -> EndpointDirectory:
    """Create the endpoint or change it to `spec`. When it returns, the change is in effect.

    Raises:
        AddressError: the cloud's network has no free address.
        EndpointError: there is no proxy on this machine, it does not start, or there are too many targets.
    """
    endpoint = EndpointDirectory.of(state_dir, spec.endpoint_id)
    with _lock(state_dir):
        _remove_leftovers(state_dir)
        existing = endpoint.facts()
        if existing is not None:
            endpoint.write(_facts(spec, existing.address, existing.slots))
        else:
            _create(state_dir, endpoint, spec)
        converge(endpoint)
    return endpoint


def converge(endpoint: EndpointDirectory) -> None:
    """Have the proxy do what facts.json says: start it, tell it what has changed, or end it. Needs the lock."""
    facts, applied = endpoint.facts(), endpoint.applied()
    if facts is None or _as_told(endpoint, facts, applied):
        return
    if not facts.targets:
        _stop(endpoint)
    elif applied is None or not _told(endpoint, applied, facts):
        _start(endpoint, facts)
    endpoint.write_applied(facts)


def serving(endpoint: EndpointDirectory) -> bool:
    """Return whether the endpoint is as facts.json says."""
    facts = endpoint.facts()
    return facts is not None and _as_told(endpoint, facts, endpoint.applied())


def restore(state_dir: Path, endpoint: EndpointDirectory) -> bool:
    """Converge the endpoint unless it is as it should be; return whether something was done. Raises EndpointError."""
    if serving(endpoint):
        return False
    with _lock(state_dir):
        converge(endpoint)
    return True


def endpoints(state_dir: Path) -> list[EndpointDirectory]:
    """Return the endpoints of a state directory."""
    directory = endpoints_dir(state_dir)
    if not directory.is_dir():
        return []
    return [EndpointDirectory(path) for path in sorted(directory.iterdir()) if not path.name.startswith(".")]


def destroy(state_dir: Path, endpoint: EndpointDirectory) -> None:
    """End the endpoint's proxy, and so its sessions, and remove its directory. Raises EndpointError."""
    with _lock(state_dir):
        if endpoint.root.exists():
            _stop(endpoint)
            endpoint.root.rename(_temporary_path(endpoint.root))
        _remove_leftovers(state_dir)


def destroy_all(state_dir: Path) -> None:
    """Destroy every endpoint. Raises EndpointError if a proxy survives SIGKILL."""
    for endpoint in endpoints(state_dir):
        destroy(state_dir, endpoint)


def pid(endpoint: EndpointDirectory) -> int | None:
    """Return the process id of the endpoint's proxy, None if it does not run."""
    try:
        number = int(endpoint.pid_file.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return number if _works_in(number, endpoint.root) else None


@contextmanager
def _lock(state_dir: Path) -> Iterator[None]:
    """Hold the lock of the state directory's endpoints, against other threads and processes."""
    endpoints_dir(state_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(endpoints_dir(state_dir) / ".lock"):
        yield


def _as_told(endpoint: EndpointDirectory, facts: EndpointFacts, applied: EndpointFacts | None) -> bool:
    return applied == facts and (pid(endpoint) is not None) == bool(facts.targets)


def _facts(spec: EndpointSpec, address: str, slots: tuple[str, ...] = ()) -> EndpointFacts:
    return EndpointFacts(
        endpoint_id=spec.endpoint_id,
        owner=spec.owner,
        kind=spec.kind,
        address=address,
        ports=spec.ports,
        allowed_cidrs=spec.allowed_cidrs,
        slots=assign(spec.targets, slots, SLOTS[spec.kind]),
    )


def assign(targets: tuple[str, ...], slots: tuple[str, ...], number: int) -> tuple[str, ...]:
    """Return the slots of the targets, each of which keeps the one that it has.

    Raises:
        EndpointError: there are more targets than slots.
    """
    if len(set(targets)) > number:
        raise EndpointError(f"{len(targets)} targets: an endpoint of this kind has {number} at most")
    kept = [target if target in targets else "" for target in (*slots, *[""] * number)[:number]]
    for target in dict.fromkeys(targets):
        if target not in kept:
            kept[kept.index("")] = target
    return tuple(kept)


def _create(state_dir: Path, endpoint: EndpointDirectory, spec: EndpointSpec) -> None:
    new = EndpointDirectory(_temporary_path(endpoint.root))
    new.root.mkdir(mode=0o700)
    with addresses.claim(state_dir, addresses.load(state_dir).endpoints()) as address:
        new.write(_facts(spec, address))
        new.root.rename(endpoint.root)


def _told(endpoint: EndpointDirectory, before: EndpointFacts, after: EndpointFacts) -> bool:
    """Tell the running proxy what has changed; return whether it has it. A change of another kind needs a start."""
    fixed = ("address", "ports", "kind")
    if any(getattr(before, name) != getattr(after, name) for name in fixed) or pid(endpoint) is None:
        return False
    _write_configuration(endpoint, after)
    try:
        if moves := haproxy.commands(before, after):
            haproxy.tell(endpoint.root, moves)
        if before.allowed_cidrs != after.allowed_cidrs:
            haproxy.set_networks(endpoint.root, after)
        return haproxy.has_targets(endpoint.root, after)
    except OSError:
        return False


def _start(endpoint: EndpointDirectory, facts: EndpointFacts) -> None:
    """Start the proxy anew; it listens when this returns. It is detached from the calling process."""
    endpoint.applied_file.unlink(missing_ok=True)
    _stop(endpoint)
    _write_configuration(endpoint, facts)
    engines = trees.directory()
    if not proxy.program(engines).exists():
        raise EndpointError(f"this machine has no {proxy.TREE.words}: get it with: {FETCH_COMMAND}")
    command = [str(proxy.program(engines)), "-D", "-f", endpoint.config_file.name, "-p", endpoint.pid_file.name]
    with endpoint.log.open("wb") as log:
        try:
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=endpoint.root,
                env=proxy.environment(engines),
                timeout=START_TIMEOUT,
                check=True,
            )
        except subprocess.SubprocessError as error:
            said = endpoint.log.read_text().strip()[-_SAID:]
            raise EndpointError(f"the proxy of {facts.address} did not start: {said or error}") from error


def _stop(endpoint: EndpointDirectory) -> None:
    """Kill every process that works in the endpoint's directory, and wait for its end."""
    deadline = time.monotonic() + END_TIMEOUT
    while found := _processes_in(endpoint.root):
        if time.monotonic() > deadline:
            raise EndpointError(f"the proxy in {endpoint.root} does not end")
        for number in found:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        time.sleep(_POLL)
    endpoint.pid_file.unlink(missing_ok=True)


def _write_configuration(endpoint: EndpointDirectory, facts: EndpointFacts) -> None:
    write_private(endpoint.config_file, haproxy.configuration(facts))
    write_private(endpoint.networks_file, haproxy.networks(facts))


def _processes_in(directory: Path) -> list[int]:
    numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [number for number in numbers if number != os.getpid() and _works_in(number, directory)]


def _works_in(number: int, directory: Path) -> bool:
    """Return whether a process works in that directory. A zombie has none."""
    try:
        return Path(f"/proc/{number}/cwd").readlink() == directory
    except OSError:
        return False


def _temporary_path(root: Path) -> Path:
    """Return a path beside an endpoint's directory that `_remove_leftovers` removes."""
    return root.with_name(f".{root.name}.{os.urandom(4).hex()}")


def _remove_leftovers(state_dir: Path) -> None:
    """Remove directories that an interrupted creation or destruction left. Needs the lock."""
    for path in endpoints_dir(state_dir).glob(".?*"):
        if path.is_dir():
            shutil.rmtree(path)
