"""trovectl: the command of the embedded cloud."""

import contextlib
import sys
import time
from pathlib import Path

import click
from rich.console import Console

from deploy.local import display, tail
from deploy.local.cloud import Cloud
from deploy.local.errors import LocalError
from deploy.local.state import EXTRAS

DEFAULT_STATE = Path(".trove")


class _Group(click.Group):
    """Shows a LocalError as one line instead of a traceback."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except LocalError as error:
            raise click.ClickException(str(error)) from error
        except PermissionError as error:
            raise click.ClickException(f"{error.filename}: {error.strerror}; run trovectl as its owner") from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_STATE,
    show_default=True,
    envvar="TROVE_STATE",
    help="Directory that holds everything of this cloud.",
)
@click.pass_context
def main(context: click.Context, state: Path) -> None:
    """A whole cloud for Trove on this machine: Keystone, Mistral, Heat, Swift and the functions.

    Start it with 'trovectl up', then use it with any OpenStack client:

    \b
      export OS_CLIENT_CONFIG_FILE=.trove/clouds.yaml OS_CLOUD=demo
      openstack database instance list

    Several clouds run side by side, each with its own --state.
    """
    context.obj = Cloud(state)


@main.command()
@click.option(
    "--with",
    "extras",
    multiple=True,
    type=click.Choice(EXTRAS),
    help="A service that the cloud is to have, too, from now on. Barbican holds the tenants' own TLS certificates.",
)
@click.pass_obj
def up(cloud: Cloud, extras: tuple[str, ...]) -> None:
    """Start the cloud and wait until it is ready; data and instances of earlier runs are kept."""
    start(cloud, extras)


@main.command()
@click.pass_obj
def down(cloud: Cloud) -> None:
    """Stop the control plane. Instances keep serving, all data is kept."""
    began = time.monotonic()
    cloud.down()
    Console().print(
        f"Stopped in {time.monotonic() - began:.1f} s. Instances keep serving; continue with 'trovectl up'."
    )


@main.command()
@click.option(
    "--watch", is_flag=True, help="Show running operations, rates and use of CPU and memory, too, anew each second."
)
@click.pass_obj
def status(cloud: Cloud, watch: bool) -> None:
    """Show services, their addresses and logs, and the hosts. Exit code 1 unless all services are ready.

    With --watch, Ctrl-C ends it with exit code 0. Where the output is not a terminal it shows one view.
    """
    if not watch:
        sys.exit(0 if display.show_status(cloud, Console()) else 1)
    with contextlib.suppress(KeyboardInterrupt):
        from deploy.local.watch import watch as watch_cloud

        sys.exit(0 if watch_cloud(cloud, Console()) else 1)


@main.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def destroy(cloud: Cloud, yes: bool) -> None:
    """Stop everything, instances too, and remove the state directory with all data."""
    if not yes:
        click.confirm(f"Remove every instance, backup and account in {cloud.state.path}?", abort=True)
    cloud.destroy()
    Console().print(f"Removed {cloud.state.path}.")


@main.command()
@click.argument("name", required=False)
@click.option("-f", "--follow", is_flag=True, help="Show new lines as the logs grow, until Ctrl-C.")
@click.option(
    "-n", "--lines", type=click.IntRange(min=0), default=30, show_default=True, help="Lines of each log to begin with."
)
@click.pass_obj
def logs(cloud: Cloud, name: str | None, follow: bool, lines: int) -> None:
    """Show the end of all logs, or of the log of NAME (a service, or 'supervisor')."""
    tail.show(tail.log_files(cloud.state.path / "log", name), lines=lines, follow=follow)


@main.command()
@click.pass_obj
def demo(cloud: Cloud) -> None:
    """Start the cloud, then create an instance, fill it, back it up, restore it, and show what happened."""
    start(cloud)
    from deploy.local.demo import run_demo

    run_demo(cloud.state.path)


@main.command()
@click.option("--fetch", is_flag=True, help="First fetch the programs that are missing, as far as this machine can.")
@click.option("--quiet", is_flag=True, help="Show only what is fetched.")
def datastores(fetch: bool, quiet: bool) -> None:
    """Show which datastore versions this machine can run, where their programs are from, and why not the others.

    Programs come with wheels of the virtual environment, or from Debian packages that --fetch unpacks, without root
    and without installing anything, below TROVE_ENGINES (~/.cache/trove/engines). A running cloud has the versions
    that were there when it started: run 'down' and 'up' after fetching.
    """
    from datastores.catalog import CatalogError, catalog
    from deploy.local.engines import availability, trees
    from deploy.local.engines import display as engines_display
    from deploy.local.engines import fetch as engines_fetch

    engines = trees.directory()
    console = Console()
    try:
        if fetch:

            def say(line: str) -> None:
                console.out(line, highlight=False)

            engines_fetch.fetch(catalog(), engines, say)
            engines_fetch.fetch_proxy(engines, say)
            engines_fetch.fetch_tools(engines, say)
        if not quiet:
            engines_display.show(availability.check(catalog(), engines), console)
    except CatalogError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{engines} cannot be used: {error}; name another in TROVE_ENGINES") from error


def start(cloud: Cloud, extras: tuple[str, ...] = ()) -> None:
    """Start the cloud, showing each service as it becomes ready, and print how to use the cloud."""
    began = time.monotonic()
    console = Console()
    with display.live_units(console) as progress:
        cloud.up(progress, extras)
    console.print(f"Ready in {time.monotonic() - began:.1f} s. Use it with:")
    console.print(f"  export OS_CLIENT_CONFIG_FILE={cloud.state.clouds_yaml} OS_CLOUD=demo", soft_wrap=True)
