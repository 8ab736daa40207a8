"""The loop of the live view."""

import contextlib
import time

from rich.console import Console
from rich.live import Live

from deploy.local.cloud import Cloud
from deploy.local.watch.collect import Collector
from deploy.local.watch.screen import render

SECONDS = 1.0
"""Seconds between two looks."""
FIRST_SECONDS = 0.2
"""Seconds between the first two looks, so that the first view has rates and CPU already."""


def watch(cloud: Cloud, console: Console) -> bool:
    """Show the cloud until Ctrl-C; if the output is not a terminal, show it once. Returns whether all units are ready.

    Ctrl-C is not raised.
    """
    collector = Collector(cloud)
    if not console.is_terminal:
        console.print("The output is not a terminal: one view.")
        collector.look()
        time.sleep(FIRST_SECONDS)
        view = collector.look()
        console.print(render(view))
        return view.ready
    with (
        contextlib.suppress(KeyboardInterrupt),
        Live(render(collector.look()), console=console, screen=True, auto_refresh=False) as live,
    ):
        _follow(collector, live)
    return True


def _follow(collector: Collector, live: Live) -> None:
    pause = FIRST_SECONDS
    while True:
        time.sleep(pause)
        began = time.monotonic()
        live.update(render(collector.look()), refresh=True)
        pause = max(0.0, began + SECONDS - time.monotonic())
