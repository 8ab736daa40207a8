"""The output of `trovectl datastores`."""

from rich.console import Console
from rich.table import Table

from deploy.local.engines.availability import Availability


def show(versions: list[Availability], console: Console) -> None:
    """Print a table of all versions, then the reason for each that is not offered."""
    table = Table(box=None, padding=(0, 1))
    for name in ("datastore", "version", "offered", "from", "capabilities"):
        table.add_column(name, no_wrap=name != "capabilities")
    for found in versions:
        table.add_row(found.datastore.name, found.version.name, _offered(found), found.origin, _capabilities(found))
    console.print(table)
    if refused := [found for found in versions if found.problem]:
        console.print("\nNot offered here:")
    for found in refused:
        console.print(f"  {found.words}: {found.problem}", soft_wrap=True, markup=False, highlight=False)
        if found.remedy:
            console.print(f"    get it with: {found.remedy}", soft_wrap=True, highlight=False)


def _offered(found: Availability) -> str:
    if found.problem:
        return "[red]no[/]"
    return "[green]yes[/]" if found.version.active else "[yellow]hidden[/]"


def _capabilities(found: Availability) -> str:
    return ", ".join(sorted(found.version.capabilities))
